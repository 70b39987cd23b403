using k8s;
using Templating.Kubernetes.Calls;

namespace Templating.Operator.Hosting;

internal static class ClusterConnection
{
    /// <exception cref="k8s.Exceptions.KubeConfigException">There is neither a pod's account nor a kubeconfig that can be used.</exception>
    public static ApiConnection Open(OperatorOptions options) => ApiConnection.Open(
        options.Kubeconfig is { Length: > 0 } path ? Kubeconfig.Read(path)
        : KubernetesClientConfiguration.IsInCluster() ? KubernetesClientConfiguration.InClusterConfig()
        : Kubeconfig.Read(Kubeconfig.Usual));
}
