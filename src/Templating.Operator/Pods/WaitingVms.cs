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
    /// <summary>Those of the pool's revision first; among equals by chance, so that two who look at once try different ones.</summary>
    public IReadOnlyList<V1Pod> Of(VMPool pool)
    {
        var waiting = pods.Find(Indexes.Pool, ObjectKey.Of(pool).ToString())
            .Where(p => p.Controller()?.Uid == pool.Metadata.Uid && p.Label(Keys.TemplateLabel) == pool.Spec.Template && IsWaiting(p))
            .ToArray();
        RandomNumberGenerator.Shuffle(waiting.AsSpan());
        var made = PodSpecs.Of(pool.Spec.Pod);
        return [.. waiting.OrderByDescending(p => p.Label(Keys.RevisionLabel) == pool.Status?.Revision).ThenByDescending(p => p.IsMadeOf(made))];
    }

    /// <summary>The pod as it is now; null where it is gone or no longer waits.</summary>
    public V1Pod? Look(V1Pod pod) =>
        pods.Get(ObjectKey.Of(pod)) is { } now && now.Metadata.Uid == pod.Metadata.Uid && IsWaiting(now) ? now : null;

    /// <summary>What the pod's node says of it; null where it says nothing.</summary>
    public VmPod? VmOf(V1Pod pod) => nodes.Find(pod.Spec?.NodeName ?? "")?.FindPod(pod.Metadata.Uid);

    /// <summary>In its node's eyes, which sees it up to a second before the kubelet has told that its container runs.</summary>
    private bool IsWaiting(V1Pod pod) => pod.Label(Keys.CloneLabel) is null && !pod.IsDeleting() && !pod.VmHasEnded()
        && pod.Spec?.NodeName is { } name && health.Of(name).LostIn is null
        && nodes.Find(name) is { Synced: true } node && node.FindPod(pod.Metadata.Uid)?.State == PodState.Waiting;
}
