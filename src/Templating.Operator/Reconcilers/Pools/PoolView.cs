using k8s.Models;

namespace Templating.Operator.Reconcilers.Pools;

/// <summary>A pool's pods, sorted by what is to be done with them.</summary>
internal sealed record PoolView
{
    public required IReadOnlyList<Member> Members { get; init; }

    /// <summary>Unclaimed ones that ended: a waiting VM never does by itself.</summary>
    public required IReadOnlyList<V1Pod> Ended { get; init; }

    /// <summary>Unclaimed ones of nodes that are gone, or that did not start as their node has no daemon.</summary>
    public required IReadOnlyList<V1Pod> Lost { get; init; }

    /// <summary>Unclaimed ones of nodes whose daemon does not come back.</summary>
    public required IReadOnlyList<V1Pod> Abandoned { get; init; }

    public required int Claimed { get; init; }

    /// <summary>Members that can be claimed now.</summary>
    public int Waiting => Members.Count(m => m.State == MemberState.Waiting);

    /// <summary>When the next node counts as lost; null where none is in doubt.</summary>
    public TimeSpan? NextLoss { get; init; }
}
