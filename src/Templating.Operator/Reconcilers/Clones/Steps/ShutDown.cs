using k8s.Models;
using Templating.Kubernetes;
using Templating.Operator.Cluster;
using Templating.Operator.Reconcilers.Clones.Work;

namespace Templating.Operator.Reconcilers.Clones.Steps;

/// <summary>At its shutdown time, or when its time to live is over, the guest is told to power off, by deleting its pod in order.</summary>
internal sealed class ShutDown(ClusterWriter writer, VmEnd end) : ICloneStep
{
    public async Task<StepResult> RunAsync(CloneWork work, CancellationToken cancellationToken)
    {
        if (CloneLifetime.Of(work.Clone) is not { } life)
        {
            return StepResult.Next;
        }

        if (life.End > work.Now.UtcDateTime)
        {
            // A timer has limits; a look a day is cheap.
            var left = life.End - work.Now.UtcDateTime;
            work.LookAgainAfter(left < TimeSpan.FromDays(1) ? left : TimeSpan.FromDays(1));
            return StepResult.Next;
        }

        if (work.Pod is not { } pod)
        {
            end.Finish(work, life.Outcome);
            return StepResult.End;
        }

        if (pod.VmHasEnded())
        {
            if (!pod.IsDeleting())
            {
                return StepResult.Next;
            }

            // What is left of the pod may take its time.
            end.Finish(work, life.Outcome);
            return StepResult.End;
        }

        work.Conditions.Set(ConditionTypes.Ready, ConditionStatus.False, Reasons.ShuttingDown, life.Message);
        if (!pod.IsDeleting())
        {
            await writer.DeleteAsync<V1Pod>(ObjectKey.Of(pod), pod.Metadata.Uid, null, cancellationToken);
        }

        return StepResult.End;
    }
}
