using k8s.Models;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.Operator.Nodes;
using Templating.Operator.Pods;
using Templating.V1;

namespace Templating.Operator.Reconcilers.Pools;

/// <summary>Looks at a pool's pods, with the eyes of Kubernetes and of their nodes.</summary>
internal sealed class PoolViewer(ICache<V1Pod> pods, INodeDirectory nodes, NodeHealth health, PodReservations reservations)
{
    public PoolView Look(VMPool pool, string? revision)
    {
        List<Member> members = [];
        List<V1Pod> ended = [];
        List<V1Pod> lost = [];
        var claimed = 0;
        TimeSpan? nextLoss = null;
        foreach (var pod in pods.Find(Indexes.Pool, ObjectKey.Of(pool).ToString()))
        {
            if (pod.Label(Keys.CloneLabel) is not null)
            {
                claimed += pod.VmHasEnded() || pod.IsDeleting() ? 0 : 1;
                continue;
            }

            // Those of an earlier pool of this name are not ours to count; the garbage collector has them.
            if (pod.Controller()?.Uid != pool.Metadata.Uid)
            {
                continue;
            }

            var node = health.Of(pod.Spec?.NodeName);
            if (node.IsLost)
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
                nextLoss = node.LostIn is { } time && (nextLoss is null || time < nextLoss) ? time : nextLoss;
                members.Add(new Member(pod, StateOf(pod, node), pod.Label(Keys.RevisionLabel) == revision && pod.Label(Keys.TemplateLabel) == pool.Spec.Template));
            }
        }

        return new PoolView { Members = members, Ended = ended, Lost = lost, Claimed = claimed, NextLoss = nextLoss };
    }

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
