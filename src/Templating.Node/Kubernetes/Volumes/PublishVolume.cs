namespace Templating.Node.Kubernetes.Volumes;

/// <summary>A volume that a pod is to get. The tenant is the pod's namespace, as its kubelet says.</summary>
public sealed record PublishVolume
{
    public required string Id { get; init; }

    public required string TargetPath { get; init; }

    public required string Tenant { get; init; }

    public required string PodName { get; init; }

    public required string PodUid { get; init; }

    /// <summary>The template's name in the cluster.</summary>
    public required string Template { get; init; }

    /// <summary>The cluster's revision; null for the newest on this node.</summary>
    public string? Revision { get; init; }
}
