using Templating.OwnerPort.Requests;

namespace Templating.Shim.Specs;

/// <summary>What the guest has for a container.</summary>
/// <param name="RootName">The name of the container's root (MOUNT).</param>
/// <param name="RootPath">Its path in the guest: <see cref="GuestRoots.PathOf(string)"/>.</param>
internal sealed record GuestSpecOptions(string RootName, string RootPath)
{
    /// <summary>The pod's: host name and kernel settings are said there. Null without a pod.</summary>
    public BundleSpec? Sandbox { get; init; }

    /// <summary>
    /// The guest's path of the PID namespace that the pod's containers share; null where there is none, and a container that asks for it is
    /// refused.
    /// </summary>
    public string? SharedPidNamespace { get; init; }

    /// <summary>What the node's block devices are to the guest, by the node's major and minor; a container's are all in it.</summary>
    public IReadOnlyDictionary<(uint Major, uint Minor), DeviceNumbers> Devices { get; init; } = new Dictionary<(uint, uint), DeviceNumbers>();

    /// <summary>Of the terminal, where its size is known before it starts.</summary>
    public OwnerPort.Processes.WindowSize? Terminal { get; init; }
}
