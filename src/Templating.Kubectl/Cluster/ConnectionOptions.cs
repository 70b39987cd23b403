namespace Templating.Kubectl.Cluster;

/// <param name="Namespace">Null for the kubeconfig's, or the pod's.</param>
internal sealed record ConnectionOptions(string? Kubeconfig, string? Context, string? Namespace, bool AllNamespaces);
