using Templating.OwnerPort.Processes;
using Templating.OwnerPort.Requests;
using Templating.Shim.Protocol.Types;
using Templating.Shim.Specs;

namespace Templating.Shim.Pods;

/// <summary>What a pod's tasks need of its VM.</summary>
internal interface IPod : IAsyncDisposable
{
    /// <summary>Its QEMU's process, the one that all tasks are on the host.</summary>
    int Pid { get; }

    /// <summary>When its VM has ended or the conversation with its guest has; it never fails.</summary>
    Task Ended { get; }

    /// <summary>Has a container's root and volumes in the guest, and room for it.</summary>
    /// <param name="spec">Its own.</param>
    /// <param name="rootfs">As containerd would have mounted it.</param>
    /// <param name="resources">Of all of the pod's containers, with this one.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<GuestContainer> PrepareAsync(
        BundleSpec spec, IReadOnlyList<Mount> rootfs, IReadOnlyCollection<SpecResources> resources, CancellationToken cancellationToken);

    /// <summary>Starts a container's first process.</summary>
    Task<GuestProcess> RunAsync(ProcessStart start, CancellationToken cancellationToken);

    /// <summary>Starts another process in a container.</summary>
    Task<GuestProcess> ExecAsync(ProcessStart start, CancellationToken cancellationToken);

    Task<ContainerCounts> CountAsync(string container, CancellationToken cancellationToken);

    /// <summary>Changes the limits of a container that runs.</summary>
    /// <exception cref="Errors.ShimException">They are none, or the guest does not take them.</exception>
    Task UpdateAsync(string container, ContainerLimits limits, CancellationToken cancellationToken);

    /// <summary>Before a container's end is told: what the kubelet reads of it must be there by then.</summary>
    Task EndAsync(GuestContainer container);

    /// <summary>Takes a container that has ended or never ran out of the guest; of a VM that is gone there is nothing to take.</summary>
    Task RemoveAsync(string container);

    /// <summary>Makes room for containers of these limits.</summary>
    Task GrowAsync(IReadOnlyCollection<SpecResources> resources, CancellationToken cancellationToken);

    Task PauseAsync(CancellationToken cancellationToken);

    Task ResumeAsync(CancellationToken cancellationToken);

    /// <summary>Ends the VM, once; who asks again after a failure has it tried again.</summary>
    Task ReleaseAsync();
}
