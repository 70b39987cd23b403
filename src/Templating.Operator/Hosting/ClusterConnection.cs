using k8s;

namespace Templating.Operator.Hosting;

internal static class ClusterConnection
{
    /// <exception cref="k8s.Exceptions.KubeConfigException">There is neither a pod's account nor a kubeconfig.</exception>
    public static KubernetesClientConfiguration Configure(OperatorOptions options)
    {
        var configuration = options.Kubeconfig is { Length: > 0 } path ? KubernetesClientConfiguration.BuildConfigFromConfigFile(path)
            : KubernetesClientConfiguration.IsInCluster() ? KubernetesClientConfiguration.InClusterConfig()
            : KubernetesClientConfiguration.BuildConfigFromConfigFile();
        // Watches are ended by the server, other calls by ClusterApi.
        configuration.HttpClientTimeout = Timeout.InfiniteTimeSpan;
        return configuration;
    }
}
