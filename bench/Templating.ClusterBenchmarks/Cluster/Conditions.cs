using k8s.Models;
using Templating.Benchmarks;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;

namespace Templating.ClusterBenchmarks.Cluster;

/// <summary>What the benchmarks wait for.</summary>
internal static class Conditions
{
    public static bool Ready(VMTemplate? template) => IsTrue(template?.Status?.Conditions, ConditionTypes.Ready);

    /// <summary>As many as wanted wait, and no other.</summary>
    public static bool Full(VMPool? pool) =>
        pool?.Status is { } status && status.ObservedGeneration == pool.Metadata.Generation
        && status.ReadyReplicas == pool.Spec.Replicas && status.Replicas == pool.Spec.Replicas;

    /// <exception cref="BenchmarkException">It came to its end instead.</exception>
    public static bool Ready(VMClone? clone) =>
        IsTrue(clone?.Status?.Conditions, ConditionTypes.Finished)
            ? throw new BenchmarkException($"VMClone {clone!.Metadata.Name} ended: {Told(clone.Status!.Conditions!, ConditionTypes.Finished)}")
            : IsTrue(clone?.Status?.Conditions, ConditionTypes.Ready);

    /// <exception cref="BenchmarkException">It came to its end instead.</exception>
    public static bool Running(PodView? pod) => pod?.Status?.Phase switch
    {
        PodPhases.Running => true,
        PodPhases.Failed or PodPhases.Succeeded => throw new BenchmarkException($"Pod {pod.Metadata.Name} ended: {pod.Status.Phase}"),
        _ => false,
    };

    public static bool Gone<T>(T? item)
        where T : class => item is null;

    private static bool IsTrue(List<V1Condition>? conditions, string type) =>
        conditions?.Find(c => c.Type == type)?.Status == ConditionStatus.True;

    private static string Told(List<V1Condition> conditions, string type)
    {
        var condition = conditions.Find(c => c.Type == type)!;
        return $"{condition.Reason}: {condition.Message}";
    }
}
