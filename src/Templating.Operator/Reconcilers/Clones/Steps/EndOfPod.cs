using k8s.Models;
using Templating.Kubernetes;
using Templating.Operator.Cluster;
using Templating.Operator.Pods;
using Templating.Operator.Reconcilers.Clones.Work;

namespace Templating.Operator.Reconcilers.Clones.Steps;

/// <summary>Sees that the VM's pod ended, is gone, or lost with its node.</summary>
internal sealed class EndOfPod(ClusterWriter writer, NodeHealth health, VmEnd end) : ICloneStep
{
    public async Task<StepResult> RunAsync(CloneWork work, CancellationToken cancellationToken)
    {
        var node = health.Of(work.Pod is { } p ? p.Spec?.NodeName : work.Status.NodeName);
        if (work.Pod is not { } pod)
        {
            if (work.Status.PodUid is null)
            {
                return StepResult.Next;
            }

            await end.EndedAsync(work, node.LostIn is null ? PodOutcome.Deleted(work.Status.PodName) : PodOutcome.NodeLost(node.Message), cancellationToken);
            return StepResult.End;
        }

        if (pod.IsEnded() && !pod.IsDeleting())
        {
            await end.EndedAsync(work, PodOutcome.Of(pod), cancellationToken);
            return StepResult.End;
        }

        if (node.IsLost)
        {
            var lost = PodOutcome.NodeLost(node.Message);
            await end.EndedAsync(work, lost, cancellationToken);

            // Nobody is left on the node who could end it in order and say so.
            await writer.DeleteAsync<V1Pod>(ObjectKey.Of(pod), pod.Metadata.Uid, 0, cancellationToken);
            return StepResult.End;
        }

        if (node.LostIn is { } left)
        {
            work.LookAgainAfter(left);
        }

        if (!pod.IsDeleting())
        {
            return StepResult.Next;
        }

        work.Conditions.Set(ConditionTypes.Ready, ConditionStatus.False, Reasons.PodTerminating, $"Pod '{pod.Metadata.Name}' is being deleted.");
        Remember(work, pod);
        return StepResult.End;
    }

    /// <summary>So that its end is seen when it is gone.</summary>
    private static void Remember(CloneWork work, V1Pod pod)
    {
        work.Status.PodName = pod.Metadata.Name;
        work.Status.PodUid = pod.Metadata.Uid;
        work.Status.NodeName = pod.Spec?.NodeName;
    }
}
