using System.Text;
using k8s;

namespace Templating.Kubectl.Cluster;

/// <summary>The cluster that a kubeconfig or the pod's account names, and the namespace asked for.</summary>
internal sealed class ClusterConnection : IDisposable
{
    private ClusterConnection(ConnectionOptions options, k8s.Kubernetes client, string @namespace)
    {
        Options = options;
        Client = client;
        Namespace = @namespace;
    }

    public ConnectionOptions Options { get; }

    public k8s.Kubernetes Client { get; }

    /// <summary>The one that names without a namespace are in.</summary>
    public string Namespace { get; }

    /// <summary>Null for all.</summary>
    public string? ListNamespace => Options.AllNamespaces ? null : Namespace;

    public static async Task<ClusterConnection> OpenAsync(ConnectionOptions options, CancellationToken cancellationToken)
    {
        var config = await ConfigurationAsync(options, cancellationToken);
        return new(options, new k8s.Kubernetes(config), options.Namespace ?? config.Namespace ?? "default");
    }

    /// <summary>The same as kubectl's, which is not needed in a pod.</summary>
    /// <exception cref="PluginException">Nothing says which cluster.</exception>
    public static async Task<KubernetesClientConfiguration> ConfigurationAsync(ConnectionOptions options, CancellationToken cancellationToken)
    {
        var source = ClusterSources.Of(
            options, Environment.GetEnvironmentVariable, File.Exists(KubernetesClientConfiguration.KubeConfigDefaultLocation), KubernetesClientConfiguration.IsInCluster());
        if (source is ClusterSource.Pod)
        {
            // Reads the token's file again each minute, since the kubelet replaces it.
            return KubernetesClientConfiguration.InClusterConfig();
        }

        var config = await KubectlExec.ConfigAsync(options, cancellationToken);
        if (string.IsNullOrWhiteSpace(config))
        {
            throw new PluginException("kubectl has no cluster to go to: 'kubectl config view' printed nothing.");
        }

        using var text = new MemoryStream(Encoding.UTF8.GetBytes(config));
        return KubernetesClientConfiguration.BuildConfigFromConfigObject(await KubernetesClientConfiguration.LoadKubeConfigAsync(text));
    }

    public void Dispose() => Client.Dispose();
}
