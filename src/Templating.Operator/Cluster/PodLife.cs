using System.Globalization;
using k8s.Models;
using Templating.Kubernetes;

namespace Templating.Operator.Cluster;

/// <summary>Where in its life a pod is, as Kubernetes tells it, and what a VM pod says of itself.</summary>
internal static class PodLife
{
    public static bool IsEnded(this V1Pod pod) => pod.Status?.Phase is PodPhases.Succeeded or PodPhases.Failed;

    public static bool IsDeleting(this V1Pod pod) => pod.Metadata.DeletionTimestamp is not null;

    public static string? Label(this V1Pod pod, string key) => pod.Metadata.Labels is { } labels && labels.TryGetValue(key, out var value) ? value : null;

    /// <summary>Which of its VMClone's VMs it is, from 0.</summary>
    public static int Restart(this V1Pod pod) =>
        pod.Metadata.Annotations is { } all && all.TryGetValue(Keys.RestartAnnotation, out var text)
        && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    public static V1OwnerReference? Controller(this V1Pod pod) => pod.Metadata.OwnerReferences?.FirstOrDefault(o => o.Controller == true);

    public static V1ContainerStatus? Container(this V1Pod pod) =>
        pod.Status?.ContainerStatuses?.FirstOrDefault(c => c.Name == Keys.Container);
}
