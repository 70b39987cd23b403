using k8s.Models;
using Templating.Operator.Cluster;

namespace Templating.Operator.Pods;

/// <summary>Why a VM's container does not run yet, in the kubelet's words: its own state, or an init container's before it.</summary>
internal static class PodWaiting
{
    private const string Creating = "ContainerCreating";

    private const string Initializing = "PodInitializing";

    /// <returns>Null where it is being started and nothing is in the way.</returns>
    public static (string Reason, string Message)? Of(V1Pod pod)
    {
        var init = (pod.Status?.InitContainerStatuses ?? []).FirstOrDefault(c => IsStuck(c.State));
        if (init?.State.Waiting is { } before)
        {
            return (before.Reason, $"Init container '{init.Name}' waits: {Words(before)}");
        }

        return pod.Container()?.State is { } state && IsStuck(state) ? (state.Waiting.Reason, Words(state.Waiting)) : null;
    }

    private static bool IsStuck(V1ContainerState? state) => state?.Waiting?.Reason is { Length: > 0 } and not (Creating or Initializing);

    private static string Words(V1ContainerStateWaiting waiting) => waiting.Message is { Length: > 0 } message ? message : waiting.Reason;
}
