using System.Globalization;
using Templating.V1;

namespace Templating.Benchmarks;

/// <summary>What the figures were taken on; no names of machines.</summary>
internal sealed record MachineInfo(string Cpu, int Cores, string Kernel, string Qemu, string Accelerator, string LoadBefore)
{
    public static MachineInfo Read(Node node) => new(
        File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(": ", 2)[1] ?? "unknown",
        Environment.ProcessorCount,
        File.ReadAllText("/proc/sys/kernel/osrelease").Trim(),
        node.QemuVersion,
        node.Accelerator.ToString().ToUpper(CultureInfo.InvariantCulture),
        Load());

    /// <summary>Of one, five and fifteen minutes.</summary>
    public static string Load() => string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ')[..3]);

    public override string ToString() => $"{Cpu}, {Cores} cores, Linux {Kernel}, QEMU {Qemu} ({Accelerator})";
}
