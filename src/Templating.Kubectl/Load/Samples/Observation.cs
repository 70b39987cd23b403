using k8s.Models;
using Templating.Kubectl.Explaining;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;

namespace Templating.Kubectl.Load.Samples;

/// <summary>What an object says of itself, whatever its kind. Pure.</summary>
internal sealed record Observation
{
    public bool IsPlaced { get; init; }

    public bool IsStarted { get; init; }

    public bool IsReady { get; init; }

    /// <summary>Why it will never be usable; null while it may.</summary>
    public string? End { get; init; }

    /// <summary>What it waits for, in one word; null where it does not say.</summary>
    public string? Hint { get; init; }

    /// <summary>A VMClone's: warm or cold, by <see cref="StartKinds"/>.</summary>
    public string? Start { get; init; }

    public string? Node { get; init; }

    public string? Ip { get; init; }

    public static Observation Of(VMClone clone)
    {
        var status = clone.Status;
        var finished = Conditions.Find(status?.Conditions, ConditionTypes.Finished);
        return new Observation
        {
            IsPlaced = Conditions.IsTrue(status?.Conditions, ConditionTypes.Scheduled),
            IsStarted = Conditions.IsTrue(status?.Conditions, ConditionTypes.Restored),
            IsReady = Conditions.IsTrue(status?.Conditions, ConditionTypes.Ready),
            End = finished is { Status: ConditionStatus.True } ? finished.Reason : null,
            Hint = Conditions.Worst(status?.Conditions)?.Reason,
            Start = status?.Start,
            Node = status?.NodeName,
            Ip = status?.Ip,
        };
    }

    public static Observation Of(V1Pod pod)
    {
        var phase = pod.Status?.Phase;
        var waiting = pod.Status?.ContainerStatuses?.Select(c => c.State?.Waiting?.Reason).FirstOrDefault(reason => reason is not null);
        var scheduled = pod.Status?.Conditions?.FirstOrDefault(c => c.Type == "PodScheduled");
        return new Observation
        {
            IsPlaced = !string.IsNullOrEmpty(pod.Spec?.NodeName),
            IsStarted = phase == PodPhases.Running,
            IsReady = PodFacts.IsReady(pod),
            End = phase is PodPhases.Failed or PodPhases.Succeeded ? pod.Status?.Reason ?? phase : null,
            Hint = waiting ?? (scheduled is { Status: ConditionStatus.False } ? scheduled.Reason : null),
            Node = pod.Spec?.NodeName,
            Ip = pod.Status?.PodIP,
        };
    }
}
