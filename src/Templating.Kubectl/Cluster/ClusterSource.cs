namespace Templating.Kubectl.Cluster;

/// <summary>What says which cluster it is, and who one is there.</summary>
internal enum ClusterSource
{
    /// <summary>Read by kubectl, which merges files and knows its variables.</summary>
    Kubeconfig,

    /// <summary>The service account of the pod that this runs in.</summary>
    Pod,
}
