using k8s;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using KubernetesApi = k8s.Kubernetes;

namespace Templating.ClusterBenchmarks.Cluster;

/// <summary>One connection for calls and one for watches, so that neither waits for the other's bytes.</summary>
internal sealed class ClusterClient : IDisposable
{
    private readonly KubernetesApi _watches;

    public ClusterClient(string kubeconfig)
    {
        var configuration = KubernetesClientConfiguration.BuildConfigFromConfigFile(kubeconfig);
        Api = new KubernetesApi(configuration);
        _watches = new KubernetesApi(configuration);
        Templates = Resource(Api, VMTemplate.Plural);
        Pools = Resource(Api, VMPool.Plural);
        Clones = Resource(Api, VMClone.Plural);
    }

    public KubernetesApi Api { get; }

    public GenericClient Templates { get; }

    public GenericClient Pools { get; }

    public GenericClient Clones { get; }

    public GenericClient WatchedTemplates => Resource(_watches, VMTemplate.Plural);

    public GenericClient WatchedPools => Resource(_watches, VMPool.Plural);

    public GenericClient WatchedClones => Resource(_watches, VMClone.Plural);

    public GenericClient WatchedPods => new(_watches, "", "v1", "pods", disposeClient: false);

    public void Dispose()
    {
        Api.Dispose();
        _watches.Dispose();
    }

    private static GenericClient Resource(KubernetesApi api, string plural) =>
        new(api, Group.Name, Group.Version, plural, disposeClient: false);
}
