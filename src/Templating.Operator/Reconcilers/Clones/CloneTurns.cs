using k8s.Models;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.Operator.Pods;
using Templating.V1;

namespace Templating.Operator.Reconcilers.Clones;

/// <summary>
/// Which VMClones go first where many wait: those that can have their VM at once, for it is ready for them. The others have to wait for a
/// pod to start in any case.
/// </summary>
internal sealed class CloneTurns(ICache<VMClone> clones, PoolLevels levels, ICache<V1Pod> pods, WaitingVms waiting)
{
    public bool GoesFirst(ObjectKey key)
    {
        if (clones.Get(key) is not { } clone || clone.Status?.FinishTime is not null)
        {
            return false;
        }

        return clone.Status?.PodName is { } name
            ? pods.Get(new ObjectKey(key.Namespace, name)) is { } pod && waiting.VmOf(pod)?.State == PodState.Waiting
            : HasWaitingVm(clone);
    }

    /// <summary>By the last look at the pool, which may be a moment old: a VM that is gone by then is one pass in vain.</summary>
    private bool HasWaitingVm(VMClone clone) => clone.Spec.Pool is { } name && levels[new ObjectKey(clone.Metadata.NamespaceProperty, name)] > 0;
}
