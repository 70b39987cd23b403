using k8s.Models;
using Templating.Kubernetes;
using Templating.Operator.Cluster;
using Templating.Operator.Pods;

namespace Templating.Operator.Reconcilers.Clones.Steps;

/// <summary>A finished VMClone does nothing more, and goes when its time to live is over.</summary>
internal sealed class Expire(IClusterWriter writer) : ICloneStep
{
    public async Task<StepResult> RunAsync(CloneWork work, CancellationToken cancellationToken)
    {
        if (!work.Conditions.IsTrue(CloneConditions.Finished))
        {
            return StepResult.Next;
        }

        if (work.Pod is { } pod && !pod.IsEnded() && !pod.IsDeleting())
        {
            await writer.DeleteAsync<V1Pod>(ObjectKey.Of(pod), pod.Metadata.Uid, null, cancellationToken);
        }

        if (work.Clone.Spec.TtlSecondsAfterFinished is { } seconds)
        {
            var left = (work.Status.FinishTime?.ToUniversalTime() ?? work.Now) + TimeSpan.FromSeconds(seconds) - work.Now;
            if (left <= TimeSpan.Zero)
            {
                await writer.DeleteAsync<VMClone>(work.Key, work.Uid, null, cancellationToken);
            }
            else
            {
                work.LookAgainAfter(left);
            }
        }

        return StepResult.End;
    }
}
