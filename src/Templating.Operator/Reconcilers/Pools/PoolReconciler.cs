using System.Runtime.ExceptionServices;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.Operator.Pods;
using Templating.Operator.Telemetry;
using Templating.Operator.Validation;

namespace Templating.Operator.Reconcilers.Pools;

/// <summary>Keeps as many unclaimed VM pods waiting as a VMPool asks for.</summary>
internal sealed class PoolReconciler(
    ICache<VMPool> pools,
    ICache<VMTemplate> templates,
    PoolViewer viewer,
    PoolReplicator replicator,
    PoolBackoff backoff,
    PoolStatus status,
    PoolMetrics metrics,
    PoolLevels levels,
    PoolRest rest,
    IEvents events) : IReconciler
{
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(20);

    public string Name => "pool";

    public async Task<ReconcileResult> ReconcileAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        if (pools.Get(key) is not { } pool || pool.Metadata.DeletionTimestamp is not null)
        {
            metrics.Forget(key);
            levels.Forget(key);
            rest.End(key);
            status.Forget(key);
            return ReconcileResult.Done;
        }

        var faults = SpecChecker.Check(pool.Spec, PodTemplateRules.Check(pool.Spec.Pod));
        var template = templates.Get(new ObjectKey(key.Namespace, pool.Spec.Template));
        var revision = template is null || template.Metadata.DeletionTimestamp is not null || faults.Count > 0
            ? null
            : TemplateRevisions.Usable(template, pool.Status?.Revision);
        var view = viewer.Look(pool, revision);
        var work = new PoolWork(pool, template, revision, view, faults);
        metrics.Looked(key, pool.Metadata.CreationTimestamp, view.Waiting, work.Desired);
        levels.Saw(key, view.Waiting);
        if (view.Waiting == 0)
        {
            // Who comes next is to wait no longer than it takes.
            rest.End(key);
        }
        else if (rest.Left(key) is { } pause)
        {
            return ReconcileResult.After(pause);
        }

        if (faults.Count == 0)
        {
            await TryAsync(work, () => replicator.ForgetAsync(view.Lost, cancellationToken));
            await TryAsync(work, () => replicator.DeleteAsync(view.Abandoned, cancellationToken));
            await TryAsync(work, () => RemoveEndedAsync(pool, view, cancellationToken));
            await TryAsync(work, () => ApplyAsync(work, cancellationToken));
            if (work.Planned is { Create: > 0 })
            {
                // With those that were just made, or the watch's word of them would be another write.
                work.View = viewer.Look(pool, revision);
            }
        }

        var behind = await status.WriteAsync(work, cancellationToken);
        if (work.Refused is { } refusal)
        {
            ExceptionDispatchInfo.Throw(refusal);
        }

        return behind is { } left ? Left(work).Or(ReconcileResult.After(left)) : Left(work);
    }

    /// <summary>What the API server refuses of it is told, and leaves the rest of the pass alone.</summary>
    private static async Task TryAsync(PoolWork work, Func<Task> part)
    {
        try
        {
            await part();
        }
        catch (Exception error) when (Refusal.Of(error) is not null)
        {
            work.Refused ??= error;
        }
    }

    private async Task RemoveEndedAsync(VMPool pool, PoolView view, CancellationToken cancellationToken)
    {
        if (view.Ended.Count == 0)
        {
            return;
        }

        var outcome = PodOutcome.Of(view.Ended[0]);
        var message = $"Waiting VM '{view.Ended[0].Metadata.Name}' ended: {outcome.Reason}: {outcome.Message}";
        if (backoff.Failed(pool.Metadata.Uid, new Refusal(Reasons.Backoff, $"{message} The next ones are made after a pause.")))
        {
            events.Warning(pool, Reasons.MemberFailed, message);
        }

        await replicator.DeleteAsync(view.Ended, cancellationToken);
    }

    private async Task ApplyAsync(PoolWork work, CancellationToken cancellationToken)
    {
        var plan = PoolPlan.Make(work.Desired, work.Revision is not null, work.Pool.Spec.UpdateStrategy != UpdateStrategies.OnUse, work.View.Members);
        await replicator.DeleteAsync(plan.Delete.Select(m => m.Pod), cancellationToken);
        work.Backoff = backoff.Left(work.Pool.Metadata.Uid);
        work.Planned = plan;
        work.Why = plan.Create > 0 ? backoff.Why(work.Pool.Metadata.Uid) : null;
        if (plan.Create == 0 || work.Backoff is not null)
        {
            return;
        }

        var uid = work.Pool.Metadata.Uid;
        var refused = await replicator.CreateAsync(work.Pool, work.Template!, work.Revision!, plan.Create, () => backoff.Made(uid), cancellationToken);
        if (refused is not null)
        {
            var why = new Refusal(Reasons.CreateFailed, refused);
            if (backoff.Failed(uid, why))
            {
                events.Warning(work.Pool, why.Reason, why.Message);
            }

            work.Backoff = backoff.Left(uid);
        }

        work.Why = backoff.Why(uid);
    }

    private static ReconcileResult Left(PoolWork work)
    {
        var result = work.View.NextLoss is { } loss ? ReconcileResult.After(loss) : ReconcileResult.Done;
        if (work.Planned is { } plan && (plan.Delete.Count > PoolReplicator.MaxWrites || (plan.Create > PoolReplicator.MaxWrites && work.Backoff is null)))
        {
            return ReconcileResult.After(Again);
        }

        return work.Planned?.Create > 0 && work.Backoff is { } pause ? result.Or(ReconcileResult.After(pause)) : result;
    }
}
