using Google.Protobuf.WellKnownTypes;
using Templating.Api.Client;
using Templating.Shim.Errors;

namespace Templating.Shim.Options;

/// <summary>What the node's administrator says of all pods of a runtime handler.</summary>
internal sealed record ShimOptions
{
    // Before what has it: they are made in the order in which they stand here.
    private static TemplatingAddress DefaultDaemon { get; } = TemplatingAddress.TryParse(TemplatingAddress.Default, out var address, out _)
        ? address
        : throw new InvalidOperationException();

    public static ShimOptions Default { get; } = new();

    public TemplatingAddress Daemon { get; init; } = DefaultDaemon;

    /// <summary>The template of a pod that names none, by its name or NAME@REVISION.</summary>
    public string Template { get; init; } = "sandbox";

    /// <summary>Whether a pod's annotation may name another.</summary>
    public bool AllowPodTemplate { get; init; }

    /// <summary>Of containers that come without Kubernetes; empty for containerd's namespace.</summary>
    public string Tenant { get; init; } = "";

    /// <summary>Until a pod's VM is ready.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Until a container's image is made, which the node does once. The kubelet waits two minutes for a container.</summary>
    public TimeSpan ImageTimeout { get; init; } = TimeSpan.FromSeconds(110);

    /// <summary>How long a daemon that restarts is waited for.</summary>
    public TimeSpan DaemonPatience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Of what containerd passes with a task; null or empty is <see cref="Default"/>.</summary>
    /// <exception cref="ShimException">InvalidArgument: all that is wrong with them.</exception>
    public static ShimOptions Read(Any? options) => ShimOptionsReader.Read(options);
}
