using k8s.Models;
using Templating.Kubernetes;

namespace Templating.Operator.Pods;

/// <summary>
/// Why the cluster took a pod away. The kubelet says it in the pod's status; the others that delete pods (scheduler, eviction
/// API, taint manager, pod garbage collector) say it in a condition, from Kubernetes 1.26 on.
/// </summary>
internal static class PodDisruption
{
    private const string Condition = "DisruptionTarget";

    /// <returns>Null where nobody says.</returns>
    public static PodOutcome? Of(V1Pod pod) =>
        pod.Status?.Conditions?.FirstOrDefault(c => c is { Type: Condition, Status: ConditionStatus.True }) is { } target
            ? OfCondition(pod.Status, target)
            : OfStatus(pod.Status);

    /// <summary>By the kubelet's word.</summary>
    public static PodOutcome? OfStatus(V1PodStatus? status) => status?.Reason switch
    {
        Reasons.Evicted => Made(Reasons.Evicted, "The node evicted the pod.", status.Message),
        "Preempting" or Reasons.Preempted => Made(Reasons.Preempted, "A pod of higher priority took its place.", status.Message),
        "Shutdown" or Reasons.NodeShutdown or "Terminated" => Made(Reasons.NodeShutdown, "The node was shut down.", status.Message),
        Reasons.NodeLost => Made(Reasons.NodeLost, "Its node was lost.", status.Message),
        Reasons.DeadlineExceeded => Made(Reasons.DeadlineExceeded, "The pod's deadline passed.", status.Message),
        _ => null,
    };

    /// <summary>By an Event, where the server is older than the condition.</summary>
    public static PodOutcome? OfEvent(Corev1Event told) => told.Reason switch
    {
        Reasons.Preempted => Made(Reasons.Preempted, "A pod of higher priority took its place.", told.Message),
        // The same reason tells that it was called off.
        "TaintManagerEviction" when told.Message?.StartsWith("Marking", StringComparison.Ordinal) == true =>
            Made(Reasons.Evicted, "Its node has a taint that the pod does not tolerate.", told.Message),
        _ => null,
    };

    private static PodOutcome? OfCondition(V1PodStatus status, V1PodCondition target) => target.Reason switch
    {
        "PreemptionByScheduler" or "PreemptionByKubeScheduler" => Made(Reasons.Preempted, "A pod of higher priority took its place.", target.Message),
        "EvictionByEvictionAPI" => Made(Reasons.Evicted, "Somebody evicted the pod by the API, as kubectl drain and autoscalers do.", target.Message),
        "DeletionByTaintManager" => Made(Reasons.Evicted, "Its node has a taint that the pod does not tolerate.", target.Message),
        "DeletionByPodGC" => Made(Reasons.NodeLost, "Its node is gone.", target.Message),
        // Pressure, a critical pod, a shutdown: its status says which.
        "TerminationByKubelet" => OfStatus(status) ?? Made(Reasons.Evicted, "The node evicted the pod.", target.Message),
        _ => OfStatus(status) ?? Made(Reasons.Evicted, $"The cluster took the pod away ({target.Reason}).", target.Message),
    };

    private static PodOutcome Made(string reason, string first, string? more) => new(reason, PodOutcome.Text(first, more), Failed: true);
}
