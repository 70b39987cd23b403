namespace Templating.Core.Clones;

/// <summary>A disk of its own for a clone that runs; it is gone with the clone.</summary>
/// <param name="Bytes">A multiple of 1 MiB.</param>
/// <param name="Serial">By which the guest finds it.</param>
/// <param name="Ext4">Whether there is an empty ext4 on it; else it is all zeros.</param>
public sealed record PlugDisk(long Bytes, string Serial, bool Ext4 = false);
