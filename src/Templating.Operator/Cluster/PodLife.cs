using System.Globalization;
using k8s.Models;
using Templating.Kubernetes;

namespace Templating.Operator.Cluster;

/// <summary>Where in its life a pod is, as Kubernetes tells it, and what a VM pod says of itself.</summary>
internal static class PodLife
{
    /// <summary>Whether its VM ended for good, whatever else runs in it.</summary>
    public static bool VmHasEnded(this V1Pod pod) => VmContainer.HasEnded(pod);

    /// <summary>Whether nothing of it runs any more, be it a VM's pod or another.</summary>
    public static bool IsOver(this V1Pod pod) => VmContainer.PodHasEnded(pod);

    public static bool IsDeleting(this V1Pod pod) => pod.Metadata.DeletionTimestamp is not null;

    public static string? Label(this V1Pod pod, string key) => pod.Metadata.Labels is { } labels && labels.TryGetValue(key, out var value) ? value : null;

    /// <summary>Which of its VMClone's VMs it is, from 0.</summary>
    public static int Restart(this V1Pod pod) =>
        pod.Metadata.Annotations is { } all && all.TryGetValue(Keys.RestartAnnotation, out var text)
        && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    public static V1OwnerReference? Controller(this V1Pod pod) => pod.Metadata.OwnerReferences?.FirstOrDefault(o => o.Controller == true);

    public static V1ContainerStatus? Container(this V1Pod pod) => VmContainer.Of(pod);
}
