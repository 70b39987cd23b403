namespace Templating.Core.Clones;

public sealed record CloneOptions
{
    /// <summary>Folder for what lives as long as the VMs: <c>clones/</c> and <c>builds/</c>. Not across a reboot of the host.</summary>
    public required string RunFolder { get; init; }

    /// <summary>How many clones start at the same time; the others queue. More than the CPUs can do makes all of them slow.</summary>
    public int MaxConcurrentStarts { get; init; } = Math.Max(2, 2 * Environment.ProcessorCount);

    /// <summary>How long a clone that ended is still shown, so that one can learn why.</summary>
    public TimeSpan FinishedRetention { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a daemon that is told to stop waits for identities nobody waits for any more.</summary>
    public TimeSpan StopGrace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long one VM of a daemon before this one may take to answer. QEMU answers in milliseconds; one that does not is stopped
    /// or a stranger, and all of them are asked at once.
    /// </summary>
    public TimeSpan AdoptionLimit { get; init; } = TimeSpan.FromSeconds(5);

    public string ClonesFolder => Path.Combine(RunFolder, "clones");

    public string BuildsFolder => Path.Combine(RunFolder, "builds");
}
