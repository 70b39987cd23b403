namespace Templating.Core.Clones;

/// <summary>A disk for a clone that runs: one of its own, which is gone with it, or a block device of the host.</summary>
/// <param name="Bytes">A multiple of 1 MiB.</param>
/// <param name="Serial">By which the guest finds it.</param>
/// <param name="Ext4">Whether there is an empty ext4 on it; else it is all zeros.</param>
public sealed record PlugDisk(long Bytes, string Serial, bool Ext4 = false)
{
    /// <summary>What it is instead of one of its own: then it is as large and as it was left.</summary>
    public NodeDevice? Device { get; init; }
}
