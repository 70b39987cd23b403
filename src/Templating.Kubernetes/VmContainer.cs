using k8s.Models;

namespace Templating.Kubernetes;

/// <summary>
/// What a VM pod's status says of its VM: that is the container <see cref="Keys.Container"/>, not the pod. Whoever else is in
/// the pod (a mesh's proxy, an agent that brings secrets) may run on when the VM ended, or fail while it runs.
/// </summary>
public static class VmContainer
{
    public static V1ContainerStatus? Of(V1Pod pod)
    {
        ArgumentNullException.ThrowIfNull(pod);
        return pod.Status?.ContainerStatuses?.FirstOrDefault(c => c.Name == Keys.Container);
    }

    /// <summary>Whether its VM ended and none will be started in this pod any more.</summary>
    public static bool HasEnded(V1Pod pod)
    {
        ArgumentNullException.ThrowIfNull(pod);
        return PodHasEnded(pod) || (Of(pod)?.State?.Terminated is { } ended && IsFinal(pod, ended));
    }

    /// <summary>Whether it never ran, as far as the kubelet has told.</summary>
    public static bool NeverRan(V1Pod pod)
    {
        ArgumentNullException.ThrowIfNull(pod);
        return !PodHasEnded(pod) && (Of(pod) is not { } vm || (vm.RestartCount == 0 && !HasRun(vm.State) && !HasRun(vm.LastState)));
    }

    /// <summary>Whether nothing of the pod runs any more, and nothing is charged for it.</summary>
    public static bool PodHasEnded(V1Pod pod)
    {
        ArgumentNullException.ThrowIfNull(pod);
        return pod.Status?.Phase is PodPhases.Succeeded or PodPhases.Failed;
    }

    /// <summary>The kubelet starts a container again by its restart policy, where it has none of its own by the pod's; and none of a pod that goes.</summary>
    private static bool IsFinal(V1Pod pod, V1ContainerStateTerminated ended)
    {
        var own = pod.Spec?.Containers?.FirstOrDefault(c => c.Name == Keys.Container)?.RestartPolicy;
        return pod.Metadata.DeletionTimestamp is not null || (own ?? pod.Spec?.RestartPolicy) switch
        {
            RestartPolicies.Never => true,
            RestartPolicies.OnFailure => ended.ExitCode == 0,
            _ => false,
        };
    }

    private static bool HasRun(V1ContainerState? state) => state is { Running: not null } or { Terminated: not null };
}
