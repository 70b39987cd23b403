using k8s.Autorest;
using Templating.Contract;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.Operator.Pods;
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
    IEvents events) : IReconciler
{
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(20);

    public string Name => "pool";

    public async Task<ReconcileResult> ReconcileAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        if (pools.Get(key) is not { } pool || pool.Metadata.DeletionTimestamp is not null)
        {
            return ReconcileResult.Done;
        }

        var faults = SpecChecker.Check(pool.Spec, PodTemplateRules.Check(pool.Spec.Pod));
        var template = templates.Get(new ObjectKey(key.Namespace, pool.Spec.Template));
        var revision = template is null || template.Metadata.DeletionTimestamp is not null || faults.Count > 0
            ? null
            : TemplateRevisions.Usable(template, pool.Status?.Revision);
        var view = viewer.Look(pool, revision);
        var work = new PoolWork(pool, template, revision, view, faults);
        if (faults.Count == 0)
        {
            await replicator.ForgetAsync(view.Lost, cancellationToken);
            await replicator.DeleteAsync(view.Abandoned, cancellationToken);
            await RemoveEndedAsync(pool, view, cancellationToken);
            await ApplyAsync(work, cancellationToken);
        }

        await status.WriteAsync(work, cancellationToken);
        return Left(work);
    }

    private async Task RemoveEndedAsync(VMPool pool, PoolView view, CancellationToken cancellationToken)
    {
        if (view.Ended.Count == 0)
        {
            return;
        }

        if (backoff.Left(pool.Metadata.Uid) is null)
        {
            var outcome = PodOutcome.Of(view.Ended[0]);
            events.Warning(pool, Reasons.MemberFailed, $"Waiting VM '{view.Ended[0].Metadata.Name}' ended: {outcome.Reason}: {outcome.Message}");
        }

        backoff.Failed(pool.Metadata.Uid);
        await replicator.DeleteAsync(view.Ended, cancellationToken);
    }

    private async Task ApplyAsync(PoolWork work, CancellationToken cancellationToken)
    {
        var plan = PoolPlan.Make(work.Desired, work.Revision is not null, work.Pool.Spec.UpdateStrategy != UpdateStrategies.OnUse, work.View.Members);
        await replicator.DeleteAsync(plan.Delete.Select(m => m.Pod), cancellationToken);
        work.Backoff = backoff.Left(work.Pool.Metadata.Uid);
        work.Planned = plan;
        if (plan.Create == 0 || work.Backoff is not null)
        {
            return;
        }

        work.Refusal = await replicator.CreateAsync(work.Pool, work.Template!, work.Revision!, plan.Create, cancellationToken);
        if (work.Refusal is not null)
        {
            backoff.Failed(work.Pool.Metadata.Uid);
            work.Backoff = backoff.Left(work.Pool.Metadata.Uid);
        }
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

/// <summary>One pass over a pool.</summary>
internal sealed record PoolWork(VMPool Pool, VMTemplate? Template, string? Revision, PoolView View, IReadOnlyList<FieldViolation> Faults)
{
    public int Desired => Pool.Spec.Replicas ?? 1;

    public PoolPlan? Planned { get; set; }

    /// <summary>No members are made for so long.</summary>
    public TimeSpan? Backoff { get; set; }

    /// <summary>Why no more members were made.</summary>
    public HttpOperationException? Refusal { get; set; }
}
