using k8s.Models;
using Templating.Kubernetes;
using Templating.Operator.Cluster;
using Templating.Operator.Pods;
using Templating.Operator.Reconcilers.Clones.Work;

namespace Templating.Operator.Reconcilers.Clones.Steps;

/// <summary>
/// A pod that was put on a node whose daemon has gone is made again where there is one. It is the same VM of its VMClone, whatever
/// the restart policy, as it never ran.
/// </summary>
internal sealed class LeaveNode(StrandedPods stranded, ClusterWriter writer, CloneStatusWriter status, IEvents events) : ICloneStep
{
    /// <summary>For the node's label to go, and the pod.</summary>
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);

    public async Task<StepResult> RunAsync(CloneWork work, CancellationToken cancellationToken)
    {
        if (work.Pod is not { } pod || work.Conditions.IsTrue(ConditionTypes.Restored) || stranded.DaemonOf(pod) is not { LostIn: { } left } daemon)
        {
            return StepResult.Next;
        }

        if (!stranded.IsToBeMadeAgain(pod))
        {
            work.LookAgainAfter(left > TimeSpan.Zero ? left : Again);
            return StepResult.Next;
        }

        var message = $"Pod '{pod.Metadata.Name}' did not start on node '{pod.Spec.NodeName}' and is made again elsewhere. {daemon.Message}";
        if (work.Conditions.Set(ConditionTypes.Scheduled, ConditionStatus.False, Reasons.NodeUnavailable, message))
        {
            events.Warning(work.Clone, Reasons.NodeUnavailable, message);
        }

        work.Conditions.Set(ConditionTypes.Restored, ConditionStatus.False, Reasons.NodeUnavailable, message);
        work.Conditions.Set(ConditionTypes.Ready, ConditionStatus.False, Reasons.NodeUnavailable, "Its pod is made again; Scheduled says why.");
        work.Status.PodName = work.Status.PodUid = work.Status.NodeName = work.Status.Ip = work.Status.Revision = work.Status.Start = null;

        // The status first: a pod that is gone before would be taken for one that somebody deleted. By force, as its name is the
        // next one's, and nobody is there who would take its volume away in order.
        await status.WriteAsync(work, cancellationToken);
        await writer.DeleteAsync<V1Pod>(ObjectKey.Of(pod), pod.Metadata.Uid, 0, cancellationToken);
        work.LookAgainAfter(Again);
        return StepResult.End;
    }
}
