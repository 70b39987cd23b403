using Templating.Core.Machines;

namespace Templating.Core.Pods;

public sealed record PodOptions
{
    /// <summary>Where QEMU's sockets go; memory-backed in a pod.</summary>
    public required string RunFolder { get; init; }

    /// <summary>Ports of the pod that lead to the guest from the start.</summary>
    public IReadOnlyList<PortForward> Forwards { get; init; } = [];

    /// <summary>Gets the guest's console before its first byte; must not wait.</summary>
    public Action<IConsole>? Attach { get; init; }
}
