using Templating.Core.Capacity;

namespace Templating.Core.Pools;

public sealed record PoolOptions
{
    /// <summary>Where it is kept which pools are asked for: it outlives the host's boot.</summary>
    public required string Folder { get; init; }

    /// <summary>Where the folders of VMs are, the clones' beside those that wait: one becomes the other.</summary>
    public required string VmsFolder { get; init; }

    /// <summary>How many VMs start at once, clones and others.</summary>
    public required int MaxConcurrentStarts { get; init; }

    /// <summary>Beyond that for memory nothing is begun that nobody waits for; beyond that for a CPU it is begun slowly.</summary>
    public PressureLimits Pressure { get; init; } = new();

    /// <summary>Where the kernel tells of it.</summary>
    public string PressureFolder { get; init; } = "/proc/pressure";

    /// <summary>
    /// From one start to the next on the node while it is short of CPUs. A host may be so for days, and without any VMs that wait its clones start
    /// cold, which takes as much of them.
    /// </summary>
    public TimeSpan PressedInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How often pools are looked at where nothing happens to them: so late is a host's shortage noticed, and so late that it is over.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long after a clone took one nothing is started in its place: so long it has the CPUs to itself, for its guest to run and to become
    /// its own. A pool that lacks some for longer does not wait again.
    /// </summary>
    public TimeSpan RefillDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>How often the VMs that wait are asked whether they answer.</summary>
    public TimeSpan LookInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long one may take to answer: QEMU does within a millisecond where the host is not overrun, and a clone may wait for it.</summary>
    public TimeSpan AnswerLimit { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a clone looks for one that answers before it starts cold.</summary>
    public TimeSpan TakeLimit { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long somebody waits for one that was told to end: a process that hangs in the kernel is not waited for.</summary>
    public TimeSpan EndLimit { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long the daemon waits at its start for the VMs that wait to answer. Those that have not by then are ended: nothing of anybody's is in
    /// them.
    /// </summary>
    public TimeSpan AdoptionLimit { get; init; } = TimeSpan.FromSeconds(2);
}
