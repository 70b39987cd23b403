using k8s.Models;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.Operator.Nodes;
using Templating.V1;

namespace Templating.Operator.Reconcilers.Orphans;

/// <summary>
/// Finds the owner of a VM pod that the operator made, by its labels: the reference to it may have been taken away
/// (<c>--cascade=orphan</c>, a restored backup). The labels of a VM pod written by hand, or that another controller has, are its
/// author's.
/// </summary>
internal sealed class PodOwners(ICache<VMPool> pools, ICache<VMClone> clones, INodeDirectory nodes)
{
    public PodOwner Of(V1Pod pod)
    {
        if (pod.Label(Keys.ManagedByLabel) != Keys.Manager || pod.IsDeleting())
        {
            return new(OwnerState.Has);
        }

        var controller = pod.Controller();
        if (controller is not null && controller is not { ApiVersion: Group.ApiVersion, Kind: VMPool.KubeKind or VMClone.KubeKind })
        {
            return new(OwnerState.Has);
        }

        return pod.Label(Keys.CloneLabel) is { } uid ? OfClone(pod, controller, uid)
            : pod.Label(Keys.PoolLabel) is { } pool ? OfPool(pod, controller, pool)
            : new(OwnerState.Has);
    }

    /// <summary>Cheap where its owner is there.</summary>
    public bool IsSuspect(V1Pod pod) => Of(pod).State != OwnerState.Has;

    private PodOwner OfClone(V1Pod pod, V1OwnerReference? controller, string uid)
    {
        var @namespace = pod.Metadata.NamespaceProperty;
        var named = controller is null ? null : clones.Get(new ObjectKey(@namespace, controller.Name));
        var clone = named?.Metadata.Uid == uid ? named : clones.List(@namespace).FirstOrDefault(c => c.Metadata.Uid == uid);
        return clone is null or { Metadata.DeletionTimestamp: not null } ? new(OwnerState.Gone)
            : controller is null ? new(OwnerState.Adopts, VMClone.KubeKind, clone.Metadata)
            : new(OwnerState.Has);
    }

    private PodOwner OfPool(V1Pod pod, V1OwnerReference? controller, string name)
    {
        var pool = pools.Get(new ObjectKey(pod.Metadata.NamespaceProperty, name));
        if (pool is null or { Metadata.DeletionTimestamp: not null })
        {
            return new(OwnerState.Gone);
        }

        if (controller is not null)
        {
            // Of an earlier pool of that name: mostly the garbage collector is about to take it.
            return new(controller.Uid == pool.Metadata.Uid ? OwnerState.Has : OwnerState.Gone);
        }

        return Fits(pod, pool) ? new(OwnerState.Adopts, VMPool.KubeKind, pool.Metadata) : new(OwnerState.Refuses);
    }

    /// <summary>Another revision is no hindrance: the pool replaces it as any of its own. One that somebody activated can be given to nobody.</summary>
    private bool Fits(V1Pod pod, VMPool pool) => pod.Label(Keys.TemplateLabel) == pool.Spec.Template && !pod.VmHasEnded()
        && nodes.Find(pod.Spec?.NodeName ?? "")?.FindPod(pod.Metadata.Uid)?.State is null or PodState.Unspecified or PodState.Published or PodState.Waiting;
}
