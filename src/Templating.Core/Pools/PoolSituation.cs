namespace Templating.Core.Pools;

/// <summary>All that a pool's next step is decided by.</summary>
internal readonly record struct PoolSituation
{
    public required PoolSizes Sizes { get; init; }

    /// <summary>How many were to wait restored, by the plan before.</summary>
    public required int Target { get; init; }

    public int Restored { get; init; }

    public int Prepared { get; init; }

    /// <summary>Under way to <see cref="Restored"/>.</summary>
    public int StartingRestored { get; init; }

    public int StartingPrepared { get; init; }

    /// <summary>Clones that could have been served of late, whether or not they were.</summary>
    public int Takes { get; init; }

    /// <summary>VMs for which there is room in the budgets; below zero where what is there is more than is allowed.</summary>
    public int Room { get; init; }

    /// <summary>Nothing is begun now: the host is short of something, starts failed, or a clone waits for the room.</summary>
    public bool IsHeld { get; init; }
}

/// <param name="Target">How many are to wait restored.</param>
internal readonly record struct PoolPlan(int Target, int StartRestored = 0, int StartPrepared = 0, int StopRestored = 0, int StopPrepared = 0);
