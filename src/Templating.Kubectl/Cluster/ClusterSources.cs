namespace Templating.Kubectl.Cluster;

internal static class ClusterSources
{
    /// <summary>In kubectl's own order: a pod's account is for where nobody gave a kubeconfig.</summary>
    /// <param name="options">Of the command line.</param>
    /// <param name="variable">Of the environment.</param>
    /// <param name="inHome">Whether there is a ~/.kube/config.</param>
    /// <param name="inPod">Whether there are a pod's token, its authority and the API server's address.</param>
    /// <exception cref="PluginException">There is none of them.</exception>
    public static ClusterSource Of(ConnectionOptions options, Func<string, string?> variable, bool inHome, bool inPod)
    {
        if (options.Kubeconfig is not null || options.Context is not null || variable("KUBECONFIG") is { Length: > 0 } || inHome)
        {
            return ClusterSource.Kubeconfig;
        }

        return inPod ? ClusterSource.Pod : throw new PluginException(
            "There is no cluster to go to: found no kubeconfig (--kubeconfig, KUBECONFIG, ~/.kube/config), and no service account of a pod "
            + "(/var/run/secrets/kubernetes.io/serviceaccount, KUBERNETES_SERVICE_HOST). Give one of them.");
    }
}
