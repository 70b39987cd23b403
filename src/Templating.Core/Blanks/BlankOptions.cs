namespace Templating.Core.Blanks;

/// <summary>VMs that wait for their memory.</summary>
public sealed record BlankOptions
{
    public const int DefaultCount = 1;
    public const int DefaultMost = 4;
    public static readonly TimeSpan DefaultIdleLimit = TimeSpan.FromMinutes(10);

    /// <summary>Where their folders are.</summary>
    public required string Folder { get; init; }

    /// <summary>How many wait of each shape that is in use; 0: none.</summary>
    public int Count { get; init; } = DefaultCount;

    /// <summary>How many wait in all.</summary>
    public int Most { get; init; } = DefaultMost;

    /// <summary>How long a shape is in use after a VM of it was started.</summary>
    public TimeSpan IdleLimit { get; init; } = DefaultIdleLimit;

    /// <summary>
    /// How long after a start the next one is made: that start goes first. A clone is ready in less, and nobody sees a longer wait for the second
    /// clone than for the first.
    /// </summary>
    public TimeSpan RefillDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>How long a daemon that ends waits for them to be gone.</summary>
    public TimeSpan EndLimit { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How often it is looked whether those that wait are still wanted, and how long after a failed start the next is tried.</summary>
    public TimeSpan LookInterval { get; init; } = TimeSpan.FromSeconds(15);
}
