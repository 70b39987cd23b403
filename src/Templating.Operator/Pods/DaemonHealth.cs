using System.Collections.Concurrent;
using k8s.Models;
using Microsoft.Extensions.Options;
using Templating.Contract;
using Templating.Kubernetes;
using Templating.Operator.Cluster;
using Templating.Operator.Nodes;

namespace Templating.Operator.Pods;

/// <summary>
/// Whether a node, well in itself, has the daemon without which no VM pod starts there: the kubelet gets the pod's volume from
/// it. One that is restarted or updated is away for a moment; what is said of its node stands that long.
/// </summary>
internal sealed class DaemonHealth(INodeDirectory directory, Caches caches, IOptions<PodOptions> options, TimeProvider time)
{
    /// <summary>Known to this process alone: after a change of the leader the patience begins anew.</summary>
    private readonly ConcurrentDictionary<string, TimeSpan> _awaySince = new(StringComparer.Ordinal);

    /// <param name="node">Of no node there is nothing to say.</param>
    /// <param name="patience">Other than <see cref="PodOptions.DaemonLostAfter"/>.</param>
    public NodeState Of(string? node, TimeSpan? patience = null)
    {
        if (string.IsNullOrEmpty(node))
        {
            return NodeState.Fine;
        }

        if (Problem(node) is not { } problem)
        {
            _awaySince.TryRemove(node, out _);
            return NodeState.Fine;
        }

        var now = time.Steady();
        return NodeState.Bad(_awaySince.GetOrAdd(node, now) + (patience ?? options.Value.DaemonLostAfter) - now, problem);
    }

    private string? Problem(string node)
    {
        var pods = caches.Daemons.Find(Indexes.Node, node).Where(p => !p.IsOver()).ToList();
        var known = directory.Find(node);

        // One that only this process does not reach still serves the kubelet, and VM pods that start by themselves.
        if (known is not { Synced: true } && !pods.Exists(IsReady))
        {
            return pods.Count == 0
                ? $"No daemon runs on node '{node}'; the DaemonSet's node selector and tolerations say where one does."
                : $"The daemon on node '{node}' is not ready (pod '{pods[0].Metadata.Name}'): {known?.Problem ?? "its pod is being started."}";
        }

        // Nodes of servers without kubelets have none.
        return caches.CsiNodes.Get(new ObjectKey("", node)) is { } csi && csi.Spec?.Drivers?.Any(d => d.Name == Keys.Driver) != true
            ? $"The kubelet of node '{node}' does not know the CSI driver '{Keys.Driver}'; look at the daemon's log there, and whether the chart's node.kubeletPath is the kubelet's."
            : null;
    }

    private static bool IsReady(V1Pod pod) =>
        pod.Metadata.DeletionTimestamp is null && pod.Status?.Conditions?.Any(c => c is { Type: ConditionTypes.Ready, Status: ConditionStatus.True }) == true;
}
