using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;

namespace Templating.Operator.Reconcilers.Clones;

/// <summary>Gives each VMClone its VM, and tells what became of it.</summary>
internal sealed class CloneReconciler(
    ICache<VMClone> clones,
    IReadOnlyList<ICloneStep> steps,
    CloneStatusWriter status,
    CloneClock clock,
    TimeProvider time) : IReconciler
{
    public string Name => "clone";

    public async Task<ReconcileResult> ReconcileAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        // The pod of a VMClone that is gone goes by its owner reference.
        if (clones.Get(key) is not { } clone || clone.Metadata.DeletionTimestamp is not null)
        {
            clock.Forget(key);
            return ReconcileResult.Done;
        }

        clock.Start(key, clone);
        var work = new CloneWork(clone, time.GetUtcNow());
        foreach (var step in steps)
        {
            if (await step.RunAsync(work, cancellationToken) == StepResult.End)
            {
                break;
            }
        }

        await status.WriteAsync(work, cancellationToken);
        return work.Left;
    }
}
