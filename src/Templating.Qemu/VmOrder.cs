using Templating.Core.Machines;
using Templating.Qemu.CommandLine;
using Templating.Qemu.Memory;
using Templating.Qemu.Process;

namespace Templating.Qemu;

/// <summary>A process of QEMU to be started, and what it is given.</summary>
internal sealed record VmOrder
{
    public required VmFolder Folder { get; init; }

    public required QemuLaunch Launch { get; init; }

    /// <summary>Its guest's memory; empty where it gets that later.</summary>
    public required IReadOnlyList<GuestFile> Files { get; init; }

    /// <summary>How many ports of the host its command line has.</summary>
    public required int Ports { get; init; }

    /// <summary>As <see cref="VmLink.KnownForwards"/>.</summary>
    public IReadOnlyList<PortForward>? KnownForwards { get; init; }

    public required VmUser? User { get; init; }

    public required long MaxFileBytes { get; init; }

    /// <summary>All that it inherits.</summary>
    public required HandedFiles Handed { get; init; }

    public required VmSockets<ListeningSocket> Sockets { get; init; }
}
