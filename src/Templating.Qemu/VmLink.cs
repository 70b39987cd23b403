using System.Net.Sockets;
using Templating.Core.Machines;
using Templating.Qemu.CommandLine;
using Templating.Qemu.Confinement;
using Templating.Qemu.Memory;
using Templating.Qemu.Process;
using Templating.Qemu.Qmp;

namespace Templating.Qemu;

/// <summary>What connects the daemon with one QEMU, started or adopted.</summary>
internal sealed record VmLink
{
    public required VmFolder Folder { get; init; }

    public required WatchedProcess Watched { get; init; }

    public required VmProcessId Process { get; init; }

    public required VmSockets<Socket> Sockets { get; init; }

    /// <summary>The conversation that was begun on <see cref="VmSockets{T}.Qmp"/>; null where there was none.</summary>
    public QmpClient? Monitor { get; init; }

    /// <summary>Grows by what is plugged: replaced, never changed.</summary>
    public required IReadOnlyList<GuestFile> Files { get; set; }

    /// <summary>Gives a confined QEMU the sockets of its ports until its CPUs run; null where it makes them itself, or is adopted.</summary>
    public ForwardSockets? Forwards { get; init; }

    /// <summary>The ports of passt, which QEMU does not know of; null where QEMU forwards by itself.</summary>
    public IReadOnlyList<PortForward>? KnownForwards { get; init; }
}
