using System.Security.Cryptography;
using k8s.Models;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.Operator.Nodes;
using Templating.V1;

namespace Templating.Operator.Pods;

/// <summary>The VMs of pools that can be taken now: what Kubernetes, the node's health and its daemon together say.</summary>
internal sealed class WaitingVms(ICache<V1Pod> pods, INodeDirectory nodes, NodeHealth health)
{
    /// <summary>
    /// Those of the pool's revision and spec first; among equals from anywhere, so that two who look at once try different ones. Who takes the first
    /// looks at hardly any other.
    /// </summary>
    public IEnumerable<V1Pod> Of(VMPool pool)
    {
        var all = pods.Find(Indexes.Pool, ObjectKey.Of(pool).ToString());
        if (all.Count == 0)
        {
            yield break;
        }

        var start = RandomNumberGenerator.GetInt32(all.Count);
        var made = PodSpecs.Of(pool.Spec.Pod);
        List<V1Pod> older = [];
        foreach (var pod in all.Skip(start).Concat(all.Take(start)))
        {
            if (pod.Controller()?.Uid != pool.Metadata.Uid || pod.Label(Keys.TemplateLabel) != pool.Spec.Template || !IsWaiting(pod))
            {
                continue;
            }

            if (IsOfRevision(pod, pool) && pod.IsMadeOf(made))
            {
                yield return pod;
            }
            else
            {
                older.Add(pod);
            }
        }

        foreach (var pod in older.OrderByDescending(pod => IsOfRevision(pod, pool)).ThenByDescending(pod => pod.IsMadeOf(made)))
        {
            yield return pod;
        }
    }

    /// <summary>The pod as it is now; null where it is gone or no longer waits.</summary>
    public V1Pod? Look(V1Pod pod) =>
        pods.Get(ObjectKey.Of(pod)) is { } now && now.Metadata.Uid == pod.Metadata.Uid && IsWaiting(now) ? now : null;

    /// <summary>What the pod's node says of it; null where it says nothing.</summary>
    public VmPod? VmOf(V1Pod pod) => nodes.Find(pod.Spec?.NodeName ?? "")?.FindPod(pod.Metadata.Uid);

    private static bool IsOfRevision(V1Pod pod, VMPool pool) => pod.Label(Keys.RevisionLabel) == pool.Status?.Revision;

    /// <summary>In its node's eyes, which sees it up to a second before the kubelet has told that its container runs.</summary>
    private bool IsWaiting(V1Pod pod) => pod.Label(Keys.CloneLabel) is null && !pod.IsDeleting()
        && pod.Spec?.NodeName is { } name && nodes.Find(name) is { Synced: true } node && node.FindPod(pod.Metadata.Uid)?.State == PodState.Waiting
        && !pod.VmHasEnded() && health.Of(name).LostIn is null;
}
