using k8s.Models;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;

namespace Templating.Operator.Pods;

/// <summary>Which spec.pod a pool's member was made of: a digest, on the pod. None where the pool says nothing of its pods.</summary>
internal static class PodSpecs
{
    public static string? Of(VMPodTemplate? pod) => pod is null ? null : Revisions.Digest(Revisions.Essence(pod));

    /// <param name="pod">A pool's.</param>
    /// <param name="digest">From <see cref="Of"/>, once for all pods of a pool.</param>
    public static bool IsMadeOf(this V1Pod pod, string? digest) =>
        (pod.Metadata.Annotations is { } all && all.TryGetValue(Keys.PodSpecAnnotation, out var own) ? own : null) == digest;
}
