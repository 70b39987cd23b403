using k8s.Models;
using Templating.Kubernetes;
using Templating.Operator.Cluster;
using Templating.Operator.Pods;

namespace Templating.Operator.Reconcilers.Clones;

/// <summary>What follows when a VM ended: it is remade, or its VMClone is finished.</summary>
internal sealed class Finisher(IClusterWriter writer, CloneStatusWriter status, IEvents events, CloneClock clock)
{
    /// <summary>Ended VMs that were ready for so long do not count as crashing.</summary>
    private static readonly TimeSpan Healthy = TimeSpan.FromMinutes(10);

    /// <summary>Reason of Scheduled while the next VM is to come: soon, or later the oftener it failed.</summary>
    public const string Restarting = Reasons.Restarting;

    public const string RestartBackoff = Reasons.RestartBackoff;

    public async Task EndedAsync(CloneWork work, PodOutcome outcome, CancellationToken cancellationToken)
    {
        if (!IsRemade(work, outcome))
        {
            Finish(work, outcome);
            return;
        }

        var old = work.Pod;
        Restart(work, outcome);

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

    /// <summary>When the next VM may be made; null for now.</summary>
    public static TimeSpan? Pause(CloneWork work)
    {
        if (work.Conditions.Get(ConditionTypes.Scheduled) is not { Status: ConditionStatus.False } scheduled || work.Restarts == 0)
        {
            return null;
        }

        var pause = scheduled.Reason switch
        {
            Restarting => TimeSpan.FromSeconds(1),
            RestartBackoff => TimeSpan.FromSeconds(Math.Min(Math.Pow(2, Math.Min(work.Restarts, 16)), 300)),
            _ => TimeSpan.Zero,
        };
        var left = scheduled.LastTransitionTime.ToUniversalTime() + pause - work.Now.UtcDateTime;
        return left > TimeSpan.Zero ? left : null;
    }

    private static bool IsRemade(CloneWork work, PodOutcome outcome) => work.Faults.Count == 0
        && !(work.Clone.Spec.ShutdownTime is { } end && end.ToUniversalTime() <= work.Now.UtcDateTime)
        && work.Clone.Spec.RestartPolicy switch
        {
            RestartPolicies.Always => true,
            RestartPolicies.OnFailure => outcome.Failed,
            _ => false,
        };

    private void Restart(CloneWork work, PodOutcome outcome)
    {
        var healthy = work.Status.ReadyTime is { } ready && work.Now.UtcDateTime - ready.ToUniversalTime() > Healthy;
        var s = work.Status;
        s.Restarts = work.Restarts + 1;
        s.PodName = s.PodUid = s.NodeName = s.Ip = s.Revision = s.Start = s.Hostname = s.MachineId = null;
        s.ReadyTime = null;
        s.StartSeconds = null;
        s.Phases = null;
        var message = $"VM {s.Restarts} takes the place of one that ended: {outcome.Reason}: {outcome.Message}";

        // Its time says when, so it has to be new: True in between, for nobody to see.
        work.Conditions.Set(ConditionTypes.Scheduled, ConditionStatus.True, Restarting, message);
        work.Conditions.Set(ConditionTypes.Scheduled, ConditionStatus.False, healthy ? Restarting : RestartBackoff, message);
        work.Conditions.Set(ConditionTypes.Restored, ConditionStatus.False, Restarting, message);
        work.Conditions.Set(ConditionTypes.IdentityConfirmed, ConditionStatus.False, Restarting, message);
        work.Conditions.Set(ConditionTypes.Ready, ConditionStatus.False, Restarting, message);
        Tell(work, outcome, Restarting, message);
        clock.Restart(work.Key, work.Uid);
        work.LookAgainAfter(Pause(work) ?? TimeSpan.Zero);
    }

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
