using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.Operator.Reconcilers.Clones.Work;

namespace Templating.Operator.Reconcilers.Clones.Steps;

/// <summary>A finished VMClone does nothing more, and goes when its time to live is over.</summary>
internal sealed class Expire(ClusterWriter writer, PodRest rest, ChangeTeller changes) : ICloneStep
{
    /// <summary>So long a VM that failed, and others in its pod, may take to end by themselves.</summary>
    private static readonly TimeSpan OwnEnd = TimeSpan.FromSeconds(10);

    public async Task<StepResult> RunAsync(CloneWork work, CancellationToken cancellationToken)
    {
        if (!work.Conditions.IsTrue(ConditionTypes.Finished))
        {
            return StepResult.Next;
        }

        if (GivenSpec.Changed(work.Clone.Spec, work.Status.Given).Count > 0 || work.Conditions.Get(ConditionTypes.Accepted)?.Reason == Reasons.ChangesIgnored)
        {
            changes.Tell(work);
        }

        var finished = new DateTimeOffset(work.Status.FinishTime?.ToUniversalTime() ?? work.Now.UtcDateTime);
        if (work.Pod is { } pod && !pod.IsOver() && !pod.IsDeleting() && IsOver(work, finished + OwnEnd))
        {
            await rest.EndAsync(pod, cancellationToken);
        }

        if (work.Clone.Spec.TtlSecondsAfterFinished is { } seconds && IsOver(work, finished + TimeSpan.FromSeconds(seconds)))
        {
            await writer.DeleteAsync<VMClone>(work.Key, work.Uid, null, cancellationToken);
        }

        return StepResult.End;
    }

    private static bool IsOver(CloneWork work, DateTimeOffset end)
    {
        if (end > work.Now)
        {
            work.LookAgainAfter(end - work.Now);
        }

        return end <= work.Now;
    }
}
