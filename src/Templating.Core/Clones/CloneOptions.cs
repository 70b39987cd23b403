namespace Templating.Core.Clones;

public sealed record CloneOptions
{
    /// <summary>Folder for what lives as long as the VMs: <c>clones/</c> and <c>builds/</c>. Not across a reboot of the host.</summary>
    public required string RunFolder { get; init; }

    /// <summary>How many clones start at the same time; the others queue. More than the CPUs can do makes all of them slow.</summary>
    public int MaxConcurrentStarts { get; init; } = Math.Max(2, 2 * Environment.ProcessorCount);

    /// <summary>How long a clone that ended is still shown, so that one can learn why.</summary>
    public TimeSpan FinishedRetention { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long the guest of a clone whose lifetime is over may take to power off, as one that is stopped has.</summary>
    public TimeSpan ExpiryGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a daemon that is told to stop waits for identities nobody waits for any more.</summary>
    public TimeSpan StopGrace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long the daemon waits at its start for the first VM of a daemon before it to answer. QEMU answers in milliseconds; one that
    /// does not is stopped, or waits for a slow disk, and is waited for beside the daemon's work.
    /// </summary>
    public TimeSpan FirstAnswer { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long it waits for the others as long as answers come.</summary>
    public TimeSpan NextAnswer { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>And how long for all of them together.</summary>
    public TimeSpan AdoptionLimit { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long an operation on a clone that has not answered yet waits for that, before it is refused.</summary>
    public TimeSpan AnswerPatience { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a clone may take to say whether its CPUs run, before it is told as not answering.</summary>
    public TimeSpan LookLimit { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a clone waits for the end of a VM that it passed over: what that holds it may need. One that hangs in the kernel is not waited for.</summary>
    public TimeSpan PassOverLimit { get; init; } = TimeSpan.FromSeconds(5);

    public string ClonesFolder => Path.Combine(RunFolder, "clones");

    public string BuildsFolder => Path.Combine(RunFolder, "builds");
}
