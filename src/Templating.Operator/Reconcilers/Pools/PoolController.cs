using k8s.Models;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;

namespace Templating.Operator.Reconcilers.Pools;

/// <summary>What a VMPool is looked at for: itself, its pods as Kubernetes and as their nodes see them, its template, and nodes.</summary>
internal static class PoolController
{
    private const int Workers = 8;

    /// <summary>
    /// A pass looks at all of a pool's pods, and each of these changes some ten times from when it is made until it is gone: with a pass for each change
    /// a pool of thousands took most of a core.
    /// </summary>
    private static readonly TimeSpan Gathers = TimeSpan.FromMilliseconds(200);

    public static Controller Create(PoolReconciler reconciler, ICache<VMPool> pools, ICache<V1Pod> pods) => new(
        reconciler,
        [
            new ObjectTrigger<VMPool>(pool => [ObjectKey.Of(pool)]),
            new ObjectTrigger<V1Pod>(PoolOf),
            new ObjectTrigger<VMTemplate>(template => pools.Find(Indexes.Template, ObjectKey.Of(template).ToString()).Select(p => ObjectKey.Of(p))),
            new ObjectTrigger<V1Node>(node => OnNode(pods, node.Metadata.Name)),
            new ObjectTrigger<V1CSINode>(csi => OnNode(pods, csi.Metadata.Name)),
            new NodeTrigger(change => change.Pod is { } vm
                ? pods.Get(new ObjectKey(vm.Tenant, vm.PodName)) is { } pod ? PoolOf(pod) : []
                : change.Template is null ? OnNode(pods, change.Node) : []),
        ],
        Workers)
    {
        Gathers = Gathers,
    };

    private static IEnumerable<ObjectKey> PoolOf(V1Pod pod) =>
        pod.Label(Keys.PoolLabel) is { } pool ? [new ObjectKey(pod.Metadata.NamespaceProperty, pool)] : [];

    private static IEnumerable<ObjectKey> OnNode(ICache<V1Pod> pods, string node) => pods.Find(Indexes.Node, node).SelectMany(PoolOf).Distinct();
}
