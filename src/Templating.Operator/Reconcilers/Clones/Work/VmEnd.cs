using k8s.Models;
using Templating.Kubernetes;
using Templating.Operator.Cluster;
using Templating.Operator.Pods;

namespace Templating.Operator.Reconcilers.Clones.Work;

/// <summary>What follows when a VM ended: another takes its place, or its VMClone is finished.</summary>
internal sealed class VmEnd(ClusterWriter writer, CloneStatusWriter status, IEvents events, VmRestart restart)
{
    public async Task EndedAsync(CloneWork work, PodOutcome outcome, CancellationToken cancellationToken)
    {
        if (!IsRemade(work, outcome))
        {
            Finish(work, outcome);
            return;
        }

        var old = work.Pod;
        Tell(work, outcome, Reasons.Restarting, restart.Begin(work, outcome));

        // The status first: a pod that is gone before it is counted would be counted as deleted by hand.
        await status.WriteAsync(work, cancellationToken);
        if (old is not null && !old.IsDeleting())
        {
            await writer.DeleteAsync<V1Pod>(ObjectKey.Of(old), old.Metadata.Uid, null, cancellationToken);
        }
    }

    public void Finish(CloneWork work, PodOutcome outcome)
    {
        work.Status.FinishTime = work.Conditions.Now;
        GivenSpec.Finished(work);
        work.Conditions.Set(ConditionTypes.Ready, ConditionStatus.False, outcome.Reason, "The VM ended; Finished says how.");
        if (work.Conditions.Set(ConditionTypes.Finished, ConditionStatus.True, outcome.Reason, outcome.Message))
        {
            Tell(work, outcome, outcome.Reason, outcome.Message);
        }

        if (work.Clone.Spec.TtlSecondsAfterFinished is { } seconds)
        {
            work.LookAgainAfter(TimeSpan.FromSeconds(seconds));
        }
    }

    private static bool IsRemade(CloneWork work, PodOutcome outcome) => work.Faults.Count == 0
        && !CloneLifetime.IsOver(work.Clone, work.Now)
        && work.Clone.Spec.RestartPolicy switch
        {
            RestartPolicies.Always => true,
            RestartPolicies.OnFailure => outcome.Failed,
            _ => false,
        };

    private void Tell(CloneWork work, PodOutcome outcome, string reason, string message)
    {
        if (outcome.Failed)
        {
            events.Warning(work.Clone, reason, message);
        }
        else
        {
            events.Normal(work.Clone, reason, message);
        }
    }
}
