using Templating.Kubernetes;
using Templating.Operator.Pods;

namespace Templating.Operator.Reconcilers.Clones.Work;

/// <summary>A new VM in the place of one that ended: soon, or later the oftener they failed.</summary>
internal sealed class VmRestart(CloneClock clock)
{
    /// <summary>Ended VMs that were ready for so long do not count as crashing.</summary>
    private static readonly TimeSpan Healthy = TimeSpan.FromMinutes(10);

    /// <summary>Makes the status that of a VMClone whose next VM is to come.</summary>
    /// <returns>What is told of it.</returns>
    public string Begin(CloneWork work, PodOutcome outcome)
    {
        var healthy = work.Status.ReadyTime is { } ready && work.Now.UtcDateTime - ready.ToUniversalTime() > Healthy;
        var s = work.Status;
        s.Restarts = work.Restarts + 1;
        s.PodName = s.PodUid = s.NodeName = s.Ip = s.Revision = s.Start = s.Hostname = s.MachineId = null;
        s.ReadyTime = null;
        s.Given = null;
        s.StartSeconds = null;
        s.Phases = null;
        var message = $"VM {s.Restarts} takes the place of one that ended: {outcome.Reason}: {outcome.Message}";

        // The pause counts from the time of this condition's last transition. It is False already when one VM after the other
        // fails: set to True first, which nobody sees, it becomes False now.
        work.Conditions.Set(ConditionTypes.Scheduled, ConditionStatus.True, Reasons.Restarting, message);
        work.Conditions.Set(ConditionTypes.Scheduled, ConditionStatus.False, healthy ? Reasons.Restarting : Reasons.RestartBackoff, message);
        work.Conditions.Set(ConditionTypes.Restored, ConditionStatus.False, Reasons.Restarting, message);
        work.Conditions.Set(ConditionTypes.IdentityConfirmed, ConditionStatus.False, Reasons.Restarting, message);
        work.Conditions.Set(ConditionTypes.Ready, ConditionStatus.False, Reasons.Restarting, message);
        clock.Restart(work.Key, work.Uid);
        work.LookAgainAfter(PauseLeft(work) ?? TimeSpan.Zero);
        return message;
    }

    /// <summary>When the next VM may be made; null for now.</summary>
    public static TimeSpan? PauseLeft(CloneWork work)
    {
        if (work.Conditions.Get(ConditionTypes.Scheduled) is not { Status: ConditionStatus.False } scheduled || work.Restarts == 0)
        {
            return null;
        }

        var pause = scheduled.Reason switch
        {
            Reasons.Restarting => TimeSpan.FromSeconds(1),
            Reasons.RestartBackoff => TimeSpan.FromSeconds(Math.Min(Math.Pow(2, Math.Min(work.Restarts, 16)), 300)),
            _ => TimeSpan.Zero,
        };
        var left = scheduled.LastTransitionTime.ToUniversalTime() + pause - work.Now.UtcDateTime;
        return left > TimeSpan.Zero ? left : null;
    }
}
