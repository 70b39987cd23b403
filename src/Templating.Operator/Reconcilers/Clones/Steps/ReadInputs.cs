using Templating.Kubernetes;
using Templating.Operator.Cluster;
using Templating.Operator.Reconcilers.Clones.Work;
using Templating.Operator.Validation;
using Templating.V1;

namespace Templating.Operator.Reconcilers.Clones.Steps;

/// <summary>
/// Reads what the guest is given: before a VM is taken, so that none is taken for nothing, and just before it is activated.
/// </summary>
internal sealed class ReadInputs(InputReader reader, IEvents events) : ICloneStep
{
    /// <summary>Nobody tells when a Secret comes: the operator watches none.</summary>
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(3);

    public async Task<StepResult> RunAsync(CloneWork work, CancellationToken cancellationToken)
    {
        if (work.Pod is not null && work.Vm?.State != PodState.Waiting)
        {
            return StepResult.Next;
        }

        if (work.Pod is null && VmRestart.PauseLeft(work) is { } pause)
        {
            work.LookAgainAfter(pause);
            return StepResult.End;
        }

        var (inputs, faults) = await reader.ReadAsync(work.Clone, cancellationToken);
        if (faults.Count == 0)
        {
            work.Inputs = inputs;
            return StepResult.Next;
        }

        var text = FaultText.Of(faults);
        if (work.Conditions.Set(ConditionTypes.IdentityConfirmed, ConditionStatus.False, Reasons.InputMissing, text))
        {
            events.Warning(work.Clone, Reasons.InputMissing, text);
        }

        work.Conditions.Set(ConditionTypes.Ready, ConditionStatus.False, Reasons.InputMissing, "What its guest is to be given is not there or not allowed; IdentityConfirmed says what.");
        work.LookAgainAfter(Again);
        return work.Pod is null ? StepResult.End : StepResult.Next;
    }
}
