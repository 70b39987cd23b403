using System.Net.Sockets;
using Templating.Core.Machines;
using Templating.Qemu.CommandLine;
using Templating.Qemu.Memory;
using Templating.Qemu.Process;

namespace Templating.Qemu;

/// <summary>What connects the daemon with one QEMU, started or adopted.</summary>
internal sealed record VmLink
{
    public required VmFolder Folder { get; init; }

    public required WatchedProcess Watched { get; init; }

    public required VmProcessId Process { get; init; }

    public required VmSockets<Socket> Sockets { get; init; }

    public required IReadOnlyList<GuestFile> Files { get; init; }
}
