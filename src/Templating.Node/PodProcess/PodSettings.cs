using Templating.Core.Machines;
using Templating.Core.Vms;

namespace Templating.Node.PodProcess;

/// <summary>How a VM pod's process runs.</summary>
internal sealed record PodSettings
{
    /// <summary>Where the volume is mounted.</summary>
    public required string Volume { get; init; }

    /// <summary>For QEMU's sockets: private to the pod, and in memory.</summary>
    public required string RunFolder { get; init; }

    /// <summary>Null for the QEMU in the PATH.</summary>
    public string? QemuPath { get; init; }

    /// <summary>The pod's address, where it was told; else empty.</summary>
    public string Ip { get; init; } = "";

    public IReadOnlyList<PortForward> Forwards { get; init; } = [];

    /// <summary>What it becomes at once; null where it waits for its activation.</summary>
    public Activation? Self { get; init; }

    /// <summary>After SIGTERM, for the guest to power off. Below Kubernetes' 30 s, after which all is killed.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>The file whose content the kubelet shows as the container's last words; nothing is written where it does not exist.</summary>
    public string TerminationLog { get; init; } = "/dev/termination-log";
}
