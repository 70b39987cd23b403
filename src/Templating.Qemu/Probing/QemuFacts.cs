using Templating.Core.Machines;

namespace Templating.Qemu.Probing;

/// <summary>What the installed QEMU is and has.</summary>
/// <param name="Info">For the outside.</param>
/// <param name="Machines">Machine types by name and by alias, to the versioned name.</param>
/// <param name="CpuModels">Names of CPU models.</param>
internal sealed record QemuFacts(VmmInfo Info, IReadOnlyDictionary<string, string> Machines, IReadOnlySet<string> CpuModels);
