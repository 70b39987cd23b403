namespace Templating.Core.Capacity;

public sealed record CapacityOptions
{
    /// <summary>Bytes all VMs together may be charged.</summary>
    public required long BudgetBytes { get; init; }

    /// <summary>How many times over RAM may be promised; 1 promises only what there is.</summary>
    public double Overcommit { get; init; } = 1;

    /// <summary>
    /// QEMU's own memory for each VM. 22 to 31 MB anonymous were measured for an idle clone (docs/design notes in
    /// ADR 0004); the rest is room for its translation buffer and packets.
    /// </summary>
    public long OverheadBytes { get; init; } = 64L << 20;

    public int MaxVms { get; init; } = 1000;

    /// <summary>What a refused caller is told to wait.</summary>
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(5);
}
