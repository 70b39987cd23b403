using Templating.Kubernetes;
using Templating.Operator.Cluster;

namespace Templating.Operator.Reconcilers.Clones.Work;

/// <summary>Says in <see cref="ConditionTypes.Accepted"/> what of a valid spec is not so, and whether it ever will be.</summary>
internal sealed class ChangeTeller(IEvents events)
{
    public void Tell(CloneWork work)
    {
        var changed = GivenSpec.Changed(work.Clone.Spec, work.Status.Given);
        if (changed.Count == 0)
        {
            work.Conditions.Set(ConditionTypes.Accepted, ConditionStatus.True, Reasons.Valid, "The spec is valid.");
            return;
        }

        var fields = string.Join(", ", changed.Select(name => $"spec.{name}"));
        var (status, reason, message) =
            work.Conditions.IsTrue(ConditionTypes.Finished)
                ? (ConditionStatus.False, Reasons.ChangesIgnored, $"It has finished, so {fields} cannot change any more; make another VMClone.")
            : work.Clone.Spec.RestartPolicy is RestartPolicies.OnFailure or RestartPolicies.Always
                ? (ConditionStatus.True, Reasons.ChangesPending, $"The VM goes on with what it was given at its start; {fields} will be as written for the next one.")
            : (ConditionStatus.False, Reasons.ChangesIgnored, $"The VM has what it was given at its start, and with restartPolicy Never no other takes its place: put {fields} back, or make another VMClone.");
        if (work.Conditions.Set(ConditionTypes.Accepted, status, reason, message))
        {
            events.Warning(work.Clone, reason, message);
        }
    }
}
