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
        var claimed = 0;
        TimeSpan? nextLoss = null;
        var made = PodSpecs.Of(pool.Spec.Pod);
        foreach (var pod in pods.Find(Indexes.Pool, ObjectKey.Of(pool).ToString()))
        {
            if (pod.Label(Keys.CloneLabel) is not null)
            {
                claimed += pod.VmHasEnded() || pod.IsDeleting() ? 0 : 1;
                continue;
            }

            // Those of an earlier pool of this name, or of none, are not ours to count: see OrphanReconciler.
            if (pod.Controller()?.Uid != pool.Metadata.Uid)
            {
                continue;
            }

            var node = health.Of(pod.Spec?.NodeName);
            if (node.IsLost || (!pod.IsDeleting() && stranded.IsToBeMadeAgain(pod)))
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
                nextLoss = Sooner(nextLoss, node.LostIn);
                if (IsUnreachable(pod, abandoned, ref nextLoss))
                {
                    continue;
                }

                members.Add(new Member(pod, StateOf(pod, node), pod.Label(Keys.RevisionLabel) == revision && pod.Label(Keys.TemplateLabel) == pool.Spec.Template && pod.IsMadeOf(made)));
            }
        }

        return new PoolView { Members = members, Ended = ended, Lost = lost, Abandoned = abandoned, Claimed = claimed, NextLoss = nextLoss };
    }

    /// <summary>
    /// Nobody can claim a VM without its node's daemon, so others are made. It comes back with the daemon, and is then one too
    /// many like any other.
    /// </summary>
    private bool IsUnreachable(V1Pod pod, List<V1Pod> abandoned, ref TimeSpan? next)
    {
        var node = pod.Spec?.NodeName;
        if (nodes.Find(node ?? "") is { Synced: true } && !VmContainer.NeverRan(pod))
        {
            return false;
        }

        var daemon = daemons.Of(node);
        if (!daemon.IsLost)
        {
            next = Sooner(next, daemon.LostIn);
            return false;
        }

        var left = daemons.Of(node, Abandoned).LostIn;
        if (left == TimeSpan.Zero)
        {
            abandoned.Add(pod);
            return true;
        }

        next = Sooner(next, VmContainer.NeverRan(pod) ? TimeSpan.FromSeconds(1) : left);
        return true;
    }

    private static TimeSpan? Sooner(TimeSpan? one, TimeSpan? other) => one is null || other < one ? other : one;

    private MemberState StateOf(V1Pod pod, NodeState health)
    {
        if (pod.Spec?.NodeName is not { Length: > 0 } name)
        {
            return MemberState.Starting;
        }

        if (health.LostIn is not null || nodes.Find(name) is not { Synced: true } node)
        {
            return MemberState.Unknown;
        }

        return node.FindPod(pod.Metadata.Uid)?.State == PodState.Waiting ? MemberState.Waiting : MemberState.Starting;
    }
}
