using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.Operator.Pods;
using Templating.Operator.Validation;

namespace Templating.Operator.Reconcilers.Pools;

/// <summary>Tells what a pool has.</summary>
internal sealed class PoolStatus(StatusApply status, PoolQuiet quiet, Refusals refusals, IEvents events, TimeProvider time)
{
    /// <summary>Of a pool that is gone.</summary>
    public void Forget(ObjectKey pool) => quiet.End(pool);

    /// <returns>Where it is written later: when.</returns>
    public async Task<TimeSpan?> WriteAsync(PoolWork work, CancellationToken cancellationToken)
    {
        var pool = work.Pool;
        var conditions = new ConditionSet(pool.Status?.Conditions, pool.Metadata.Generation, time.GetUtcNow());
        SetTemplateReady(work, conditions);
        SetProgressing(work, conditions);
        SetReady(work, conditions);
        refusals.Tell(pool, conditions, work.Refused);
        var now = Make(work, conditions);
        var key = ObjectKey.Of(pool);
        if (!PoolNews.CanWait(pool.Status, now) || ClusterWriter.HasStatus(pool, now))
        {
            quiet.End(key);
        }
        else
        {
            quiet.Begin(key);
            if (quiet.Left(key) is { } left)
            {
                return left;
            }
        }

        await status.WriteAsync(pool, now, cancellationToken);
        return null;
    }

    private static VMPoolStatus Make(PoolWork work, ConditionSet conditions)
    {
        var (pool, members) = (work.Pool, work.View.Members);
        return new VMPoolStatus
        {
            ObservedGeneration = pool.Metadata.Generation,
            Replicas = members.Count,
            ReadyReplicas = work.View.Waiting,
            StartingReplicas = members.Count(m => m.State == MemberState.Starting),
            UpdatedReplicas = members.Count(m => m.Updated),
            ClaimedReplicas = work.View.Claimed,
            Selector = Keys.UnclaimedSelector(pool.Metadata.Name),
            Revision = work.Revision ?? pool.Status?.Revision,
            Conditions = conditions.ToList(),
        };
    }

    private void SetTemplateReady(PoolWork work, ConditionSet conditions)
    {
        var name = work.Pool.Spec.Template;
        var (status, reason, message) =
            work.Revision is { } revision && revision == Revisions.Of(work.Template!.Spec)
                ? (ConditionStatus.True, Reasons.RevisionReady, $"Revision {revision} of template '{name}' is ready on a node.")
            : work.Revision is { } before
                ? (ConditionStatus.True, Reasons.OlderRevisionReady, $"{TemplateRevisions.Problem(work.Template!)} Revision {before} is used until it is.")
            : work.Template is null
                ? (ConditionStatus.False, Reasons.TemplateNotFound, $"There is no template '{name}' in this namespace; make one.")
            : work.Template.Metadata.DeletionTimestamp is not null
                ? (ConditionStatus.False, Reasons.TemplateDeleted, $"Template '{name}' is being deleted.")
            : (ConditionStatus.False, Reasons.TemplateNotReady, TemplateRevisions.Problem(work.Template));
        if (conditions.Set(ConditionTypes.TemplateReady, status, reason, message) && status == ConditionStatus.False)
        {
            events.Warning(work.Pool, reason, message);
        }
    }

    private void SetProgressing(PoolWork work, ConditionSet conditions)
    {
        var busy = work.Planned is { } plan && (plan.Create > 0 || plan.Delete.Count > 0);
        var starting = work.View.Members.Any(m => m.State == MemberState.Starting);
        var isShort = work.View.Members.Count < work.Desired;
        var (status, reason, message) =
            work.Faults.Count > 0 ? (ConditionStatus.False, Reasons.InvalidSpec, FaultText.Of(work.Faults))
            : work.Why is { } why ? (ConditionStatus.False, why.Reason, why.Message)
            : Unscheduled.Of(work.View.Members) is { } text ? (ConditionStatus.False, Reasons.Unschedulable, text)
            : busy || starting ? (ConditionStatus.True, Reasons.MembersChanging, "Members are being made or replaced.")
            : isShort && work.Revision is null && conditions.Get(ConditionTypes.TemplateReady) is { } template
                ? (ConditionStatus.False, template.Reason, template.Message)
            : (ConditionStatus.False, Reasons.Settled, "Nothing is to be done.");
        if (conditions.Set(ConditionTypes.Progressing, status, reason, message) && reason == Reasons.Unschedulable)
        {
            events.Warning(work.Pool, reason, message);
        }
    }

    /// <summary>A pool that is not full says what it lacks, where anything stands in its way.</summary>
    private void SetReady(PoolWork work, ConditionSet conditions)
    {
        var waiting = work.View.Waiting;
        var count = $"{waiting} of {work.Desired} VMs wait";
        var obstacle = conditions.Get(ConditionTypes.Progressing) is { Status: ConditionStatus.False } stopped && stopped.Reason != Reasons.Settled ? stopped : null;
        var (status, reason, message) =
            work.Faults.Count > 0 ? (ConditionStatus.False, Reasons.InvalidSpec, FaultText.Of(work.Faults))
            : waiting >= work.Desired ? (ConditionStatus.True, Reasons.Full, $"{count}.")
            : obstacle is not null ? (ConditionStatus.False, obstacle.Reason, $"{count}: {obstacle.Message}")
            : (ConditionStatus.False, Reasons.Filling, $"{count}.");
        if (!conditions.Set(ConditionTypes.Ready, status, reason, message))
        {
            return;
        }

        if (work.Faults.Count > 0)
        {
            events.Warning(work.Pool, reason, message);
        }
        else if (reason == Reasons.Full)
        {
            events.Normal(work.Pool, reason, message);
        }
    }
}
