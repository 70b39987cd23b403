using Templating.Kubernetes;
using Templating.Operator.Cluster;
using Templating.Operator.Reconcilers.Clones.Work;
using Templating.Operator.Validation;

namespace Templating.Operator.Reconcilers.Clones.Steps;

/// <summary>Refuses what cannot be done, all faults at once. A VM that runs already goes on.</summary>
internal sealed class Accept(ChangeTeller changes, IEvents events) : ICloneStep
{
    public Task<StepResult> RunAsync(CloneWork work, CancellationToken cancellationToken)
    {
        work.Faults = CloneRules.Check(work.Clone, work.Pod);
        if (work.Faults.Count == 0)
        {
            changes.Tell(work);
            return Task.FromResult(StepResult.Next);
        }

        var text = FaultText.Of(work.Faults);
        if (work.Conditions.Set(ConditionTypes.Accepted, ConditionStatus.False, Reasons.InvalidSpec, text))
        {
            events.Warning(work.Clone, Reasons.InvalidSpec, text);
        }

        if (work.Pod is not null || work.Status.PodUid is not null)
        {
            return Task.FromResult(StepResult.Next);
        }

        work.Conditions.Set(ConditionTypes.Ready, ConditionStatus.False, Reasons.InvalidSpec, "The spec is not valid; Accepted says why.");
        return Task.FromResult(StepResult.End);
    }
}
