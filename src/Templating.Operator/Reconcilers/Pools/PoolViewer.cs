using k8s.Models;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.Operator.Nodes;
using Templating.Operator.Pods;
using Templating.V1;

namespace Templating.Operator.Reconcilers.Pools;

/// <summary>Looks at a pool's pods, with the eyes of Kubernetes and of their nodes.</summary>
internal sealed class PoolViewer(ICache<V1Pod> pods, INodeDirectory nodes, NodeHealth health, DaemonHealth daemons, StrandedPods stranded, PodReservations reservations)
{
    /// <summary>A daemon that is away for so long does not come back for its waiting VMs; an update's slow pull of an image is over by then.</summary>
    private static readonly TimeSpan Abandoned = TimeSpan.FromMinutes(10);

    public PoolView Look(VMPool pool, string? revision)
    {
        List<Member> members = [];
        List<V1Pod> ended = [];
        List<V1Pod> lost = [];
        List<V1Pod> abandoned = [];
        TimeSpan? nextLoss = null;
        var made = PodSpecs.Of(pool.Spec.Pod);
        var scope = ObjectKey.Of(pool).ToString();
        // A pool may have thousands, on tens of nodes.
        Dictionary<string, PodNode> seen = new(StringComparer.Ordinal);
        foreach (var pod in pods.Find(Indexes.Pool, scope))
        {
            // Those of an earlier pool of this name, or of none, are not ours to count: see OrphanReconciler.
            if (pod.Controller()?.Uid != pool.Metadata.Uid)
            {
                continue;
            }

            var name = pod.Spec?.NodeName ?? "";
            if (!seen.TryGetValue(name, out var node))
            {
                seen[name] = node = new PodNode(health.Of(name), daemons.Of(name), nodes.Find(name));
            }

            if (node.Health.IsLost || (!pod.IsDeleting() && stranded.IsToBeMadeAgain(pod, node.Daemon)))
            {
                lost.Add(pod);
            }
            else if (pod.IsDeleting() || reservations.IsRetired(pod.Metadata.Uid))
            {
                continue;
            }
            else if (pod.VmHasEnded())
            {
                ended.Add(pod);
            }
            else
            {
                nextLoss = Sooner(nextLoss, node.Health.LostIn);
                if (IsUnreachable(pod, node, abandoned, ref nextLoss))
                {
                    continue;
                }

                members.Add(new Member(pod, StateOf(pod, node), pod.Label(Keys.RevisionLabel) == revision && pod.Label(Keys.TemplateLabel) == pool.Spec.Template && pod.IsMadeOf(made)));
            }
        }

        return new PoolView { Members = members, Ended = ended, Lost = lost, Abandoned = abandoned, Claimed = pods.Count(Indexes.Claimed, scope), NextLoss = nextLoss };
    }

    /// <summary>
    /// Nobody can claim a VM without its node's daemon, so others are made. It comes back with the daemon, and is then one too
    /// many like any other.
    /// </summary>
    private bool IsUnreachable(V1Pod pod, PodNode node, List<V1Pod> abandoned, ref TimeSpan? next)
    {
        if (node.Connection is { Synced: true } && !VmContainer.NeverRan(pod))
        {
            return false;
        }

        if (!node.Daemon.IsLost)
        {
            next = Sooner(next, node.Daemon.LostIn);
            return false;
        }

        var left = daemons.Of(pod.Spec?.NodeName, Abandoned).LostIn;
        if (left == TimeSpan.Zero)
        {
            abandoned.Add(pod);
            return true;
        }

        next = Sooner(next, VmContainer.NeverRan(pod) ? TimeSpan.FromSeconds(1) : left);
        return true;
    }

    private static TimeSpan? Sooner(TimeSpan? one, TimeSpan? other) => one is null || other < one ? other : one;

    private static MemberState StateOf(V1Pod pod, PodNode node) =>
        string.IsNullOrEmpty(pod.Spec?.NodeName) ? MemberState.Starting
        : node.Health.LostIn is not null || node.Connection is not { Synced: true } daemon ? MemberState.Unknown
        : daemon.FindPod(pod.Metadata.Uid)?.State == PodState.Waiting ? MemberState.Waiting
        : MemberState.Starting;

    /// <param name="Connection">Null where none is known.</param>
    private readonly record struct PodNode(NodeState Health, NodeState Daemon, INode? Connection);
}
