using Templating.Core.Names;

namespace Templating.Core.Pools;

/// <summary>A pool as seen from outside.</summary>
public sealed record PoolView
{
    public required PoolName Name { get; init; }

    public required PoolSpec Spec { get; init; }

    /// <summary>The revision whose VMs it starts; null while there is none.</summary>
    public RevisionName? Revision { get; init; }

    /// <summary>How many are to wait restored now.</summary>
    public int WantedRestored { get; init; }

    public int Starting { get; init; }

    /// <summary>What they hold of the node's memory budget, those on their way too.</summary>
    public long ChargedBytes { get; init; }

    /// <summary>Newest last.</summary>
    public IReadOnlyList<WaitingView> Vms { get; init; } = [];

    /// <summary>Clones that took a restored one, since the daemon began; and so on.</summary>
    public long HitsRestored { get; init; }

    public long HitsPrepared { get; init; }

    /// <summary>Clones that it could have served, and that started cold.</summary>
    public long Misses { get; init; }

    /// <summary>Starts that failed, and VMs that ended while they waited.</summary>
    public long Failures { get; init; }

    public PoolProblem Problem { get; init; }

    /// <summary>One line for people.</summary>
    public string ProblemText { get; init; } = "";

    /// <summary>When starts are tried again that failed before; null where none did.</summary>
    public DateTimeOffset? RetryAt { get; init; }
}

/// <summary>A VM that waits.</summary>
/// <param name="Kind">How far it has come.</param>
/// <param name="Revision">Of which it is.</param>
/// <param name="Pid">Its process.</param>
/// <param name="Since">When it began to wait.</param>
/// <param name="ChargedBytes">What it holds of the node's memory budget.</param>
public sealed record WaitingView(WaitingKind Kind, RevisionName Revision, int Pid, DateTimeOffset Since, long ChargedBytes);
