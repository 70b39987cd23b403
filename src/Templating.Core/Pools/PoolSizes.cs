namespace Templating.Core.Pools;

/// <summary>How many VMs are to wait. Checked already, by <see cref="Contract.PoolRules"/>.</summary>
public sealed record PoolSizes
{
    /// <summary>Paused at the frozen moment; where the demand is followed, the least.</summary>
    public int Restored { get; init; }

    /// <summary>QEMU is there, and nothing is restored.</summary>
    public int Prepared { get; init; }

    /// <summary>The most that wait restored when the demand is followed; 0 for none of that.</summary>
    public int MaxRestored { get; init; }

    /// <summary>How many more than were taken of late are to wait.</summary>
    public int Spare { get; init; }

    internal int Most => Math.Max(Restored, MaxRestored);
}
