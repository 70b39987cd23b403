using k8s;
using Templating.Kubectl.Load.Api;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using KubernetesApi = k8s.Kubernetes;

namespace Templating.ClusterBenchmarks.Cluster;

/// <summary>Calls have a connection and watches have one, so that neither waits for the other's bytes.</summary>
internal sealed class ClusterClient : IDisposable
{
    private readonly LoadApi _watches;

    public ClusterClient(string kubeconfig)
    {
        var configuration = KubernetesClientConfiguration.BuildConfigFromConfigFile(kubeconfig);
        Api = new KubernetesApi(configuration);
        _watches = new LoadApi(configuration, TimeProvider.System);
        Templates = Resource(Api, VMTemplate.Plural);
        Pools = Resource(Api, VMPool.Plural);
        Clones = Resource(Api, VMClone.Plural);
    }

    public KubernetesApi Api { get; }

    public GenericClient Templates { get; }

    public GenericClient Pools { get; }

    public GenericClient Clones { get; }

    public Watched WatchedTemplates => new(_watches, LoadKind.Templates);

    public Watched WatchedPools => new(_watches, LoadKind.Pools);

    public Watched WatchedClones => new(_watches, LoadKind.Clones);

    public Watched WatchedPods => new(_watches, LoadKind.Pods);

    public void Dispose()
    {
        Api.Dispose();
        _watches.Dispose();
    }

    private static GenericClient Resource(KubernetesApi api, string plural) =>
        new(api, Group.Name, Group.Version, plural, disposeClient: false);
}
