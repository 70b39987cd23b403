using k8s.Models;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;

namespace Templating.Operator.Reconcilers.Orphans;

/// <summary>VM pods without an owner: looked at when they, their pool or their VMClone come, change or go.</summary>
internal static class OrphanController
{
    public static Controller Create(OrphanReconciler reconciler, PodOwners owners, ICache<V1Pod> pods) => new(
        reconciler,
        [
            new ObjectTrigger<V1Pod>(pod => Suspects([pod], owners)),
            new ObjectTrigger<VMPool>(pool => Suspects(pods.Find(Indexes.Pool, ObjectKey.Of(pool).ToString()), owners)),
            new ObjectTrigger<VMClone>(clone => Suspects(pods.Find(Indexes.Clone, clone.Metadata.Uid), owners)),
        ],
        Concurrency: 2);

    private static IEnumerable<ObjectKey> Suspects(IEnumerable<V1Pod> pods, PodOwners owners) => pods.Where(owners.IsSuspect).Select(pod => ObjectKey.Of(pod));
}
