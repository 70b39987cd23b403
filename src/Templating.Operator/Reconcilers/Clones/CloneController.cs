using k8s.Models;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;

namespace Templating.Operator.Reconcilers.Clones;

/// <summary>
/// What a VMClone is looked at for: itself, its pod as Kubernetes and as its node sees it, nodes, and, while it has no pod,
/// its template and pool.
/// </summary>
internal static class CloneController
{
    /// <summary>A worker waits while a guest confirms its identity, so there are more than there is work for.</summary>
    private const int Workers = 64;

    /// <summary>
    /// Of these, for VMClones whose pod is still to be made or to start: each of their passes waits for the API server, and where that is busy they
    /// would have all workers.
    /// </summary>
    private const int ForOthers = 16;

    public static Controller Create(CloneReconciler reconciler, ICache<VMClone> clones, ICache<V1Pod> pods, CloneTurns turns) => new(
        reconciler,
        [
            new ObjectTrigger<VMClone>(clone => [ObjectKey.Of(clone)]),
            new ObjectTrigger<V1Pod>(CloneOf),
            new ObjectTrigger<V1Node>(node => OnNode(pods, node.Metadata.Name)),
            new ObjectTrigger<V1CSINode>(csi => OnNode(pods, csi.Metadata.Name)),
            new ObjectTrigger<VMTemplate>(template => WithoutPod(clones.Find(Indexes.Template, ObjectKey.Of(template).ToString()))),
            new ObjectTrigger<VMPool>(pool => WithoutPod(clones.Find(Indexes.Pool, ObjectKey.Of(pool).ToString()))),
            new NodeTrigger(change => change.Pod is { } vm
                ? pods.Get(new ObjectKey(vm.Tenant, vm.PodName)) is { } pod ? CloneOf(pod) : []
                : change.Template is null ? OnNode(pods, change.Node) : []),
        ],
        Workers,
        turns.GoesFirst,
        ForOthers);

    private static IEnumerable<ObjectKey> CloneOf(V1Pod pod) => pod.Controller() is { Kind: VMClone.KubeKind, ApiVersion: Group.ApiVersion } owner
        ? [new ObjectKey(pod.Metadata.NamespaceProperty, owner.Name)]
        : [];

    private static IEnumerable<ObjectKey> OnNode(ICache<V1Pod> pods, string node) => pods.Find(Indexes.Node, node).SelectMany(CloneOf);

    private static IEnumerable<ObjectKey> WithoutPod(IEnumerable<VMClone> clones) =>
        clones.Where(c => c.Status?.PodUid is null && c.Status?.FinishTime is null).Select(c => ObjectKey.Of(c));
}
