using k8s.Autorest;
using k8s.Models;
using Templating.Kubernetes;
using Templating.Operator.Cluster;
using Templating.Operator.Nodes;
using Templating.Operator.Reconcilers.Clones.Work;

namespace Templating.Operator.Reconcilers.Clones.Steps;

/// <summary>
/// Finds the VM's pod by its label, not by the status: an operator that crashed may have written the label alone. Then deletes
/// what is too many: the pods of earlier VMs and, where two operators each took a pod for this VMClone, all but one of these.
/// Both operators keep the same one, or each would delete the other's.
/// </summary>
internal sealed class FindPod(ICache<V1Pod> pods, INodeDirectory nodes, ClusterApi api, ClusterWriter writer) : ICloneStep
{
    public async Task<StepResult> RunAsync(CloneWork work, CancellationToken cancellationToken)
    {
        var all = pods.Find(Indexes.Clone, work.Uid).Where(p => p.Metadata.NamespaceProperty == work.Key.Namespace).ToList();
        var mine = all.Where(p => p.Restart() >= work.Restarts).ToList();
        work.Pod = mine
            .OrderByDescending(p => p.Restart())
            .ThenBy(p => p.IsDeleting() || p.VmHasEnded())
            .ThenBy(p => p.Metadata.Name, StringComparer.Ordinal)
            .FirstOrDefault() ?? await ReadAsync(work, cancellationToken);
        if (work.Pod is { } pod)
        {
            work.Status.Restarts = pod.Restart() > work.Restarts ? pod.Restart() : work.Status.Restarts;
            work.Vm = nodes.Find(pod.Spec?.NodeName ?? "")?.FindPod(pod.Metadata.Uid);
        }

        foreach (var other in all.Where(p => p.Metadata.Uid != work.Pod?.Metadata.Uid && !p.IsDeleting()))
        {
            try
            {
                await writer.DeleteAsync<V1Pod>(ObjectKey.Of(other), other.Metadata.Uid, null, cancellationToken);
            }
            catch (HttpOperationException refusal)
            {
                // The VM that is to stay does not depend on it.
                work.Refused(refusal);
            }
        }

        return StepResult.Next;
    }

    /// <summary>That a VM's pod is gone has consequences, so it is the API server that has to say it.</summary>
    private async Task<V1Pod?> ReadAsync(CloneWork work, CancellationToken cancellationToken)
    {
        if (work.Status.PodUid is not { } uid || work.Conditions.IsTrue(ConditionTypes.Finished))
        {
            return null;
        }

        var pod = await api.GetAsync<V1Pod>(new ObjectKey(work.Key.Namespace, work.Status.PodName ?? ""), cancellationToken);
        if (pod?.Metadata.Uid != uid)
        {
            return null;
        }

        pods.Remember(pod);
        return pod;
    }
}
