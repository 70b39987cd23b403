using k8s;
using k8s.Models;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;

namespace Templating.Operator.Cluster;

/// <summary>The operator's informers. Secrets and ConfigMaps are not among them: they are read when needed.</summary>
internal sealed class Caches
{
    private readonly ClusterApi _api;
    private readonly ClusterMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly List<IInformer> _all = [];

    /// <param name="installation">The namespace the daemons run in.</param>
    /// <param name="watched">The only namespace whose resources and VM pods are looked at; empty for all.</param>
    public Caches(ClusterApi api, string installation, string watched, ClusterMetrics metrics, TimeProvider time, ILogger<Caches> logger)
    {
        (_api, _metrics, _time, _logger) = (api, metrics, time, logger);
        Templates = Add(new InformerOptions<VMTemplate> { Namespace = watched });
        Pools = Add(new InformerOptions<VMPool> { Namespace = watched, Indexers = VmIndexers.Pools });
        Clones = Add(new InformerOptions<VMClone> { Namespace = watched, Indexers = VmIndexers.Clones });
        Pods = Add(new InformerOptions<V1Pod>
        {
            Namespace = watched,
            LabelSelector = Keys.TemplateLabel,
            Indexers = VmIndexers.Pods,
        });
        Nodes = Add(new InformerOptions<V1Node> { Trim = NodeFacts.Trim, AreSame = NodeFacts.AreSame });
        Daemons = Add(new InformerOptions<V1Pod> { Namespace = installation, LabelSelector = InstallationLabels.NodeSelector, Indexers = VmIndexers.Daemons });
        CsiNodes = Add(new InformerOptions<V1CSINode>());
    }

    public Informer<VMTemplate> Templates { get; }

    public Informer<VMPool> Pools { get; }

    public Informer<VMClone> Clones { get; }

    /// <summary>VM pods: those with the label of a template.</summary>
    public Informer<V1Pod> Pods { get; }

    public Informer<V1Node> Nodes { get; }

    /// <summary>The daemon's pods, in the operator's own namespace.</summary>
    public Informer<V1Pod> Daemons { get; }

    /// <summary>Which CSI drivers each node's kubelet knows.</summary>
    public Informer<V1CSINode> CsiNodes { get; }

    public IReadOnlyList<IInformer> All => _all;

    /// <summary>Where an object of this kind is kept; null for kinds that are not.</summary>
    public Informer<T>? Find<T>()
        where T : class, IKubernetesObject<V1ObjectMeta> =>
        typeof(T) == typeof(V1Pod) ? Pods as Informer<T>
        : _all.OfType<Informer<T>>().FirstOrDefault();

    public Task WaitForSyncAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(_all.Select(informer => informer.WaitForSyncAsync(cancellationToken)));

    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(_all.Select(informer => informer.RunAsync(cancellationToken)));

    private Informer<T> Add<T>(InformerOptions<T> options)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var informer = new Informer<T>(_api, options, _metrics, _time, _logger);
        _all.Add(informer);
        return informer;
    }
}
