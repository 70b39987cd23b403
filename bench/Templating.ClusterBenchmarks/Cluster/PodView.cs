using k8s;
using k8s.Models;

namespace Templating.ClusterBenchmarks.Cluster;

/// <summary>What of a pod is of interest here: the rest is not even parsed.</summary>
internal sealed class PodView : IKubernetesObject<V1ObjectMeta>
{
    public string ApiVersion { get; set; } = V1Pod.KubeApiVersion;

    public string Kind { get; set; } = V1Pod.KubeKind;

    public V1ObjectMeta Metadata { get; set; } = new();

    public PodViewSpec? Spec { get; set; }

    public PodViewStatus? Status { get; set; }
}

internal sealed class PodViewSpec
{
    public string? NodeName { get; set; }
}

internal sealed class PodViewStatus
{
    public string? Phase { get; set; }

    public string? PodIP { get; set; }
}
