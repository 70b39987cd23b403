using Templating.Core.Diagnostics;

namespace Templating.Core.Clones;

/// <summary>
/// When a clone ends, for the next daemon: by the clock of this boot of the host (<see cref="Linux.BootClock"/>), for the wall clock may be
/// set meanwhile. A clone's process is of the same boot, or it is gone.
/// </summary>
internal sealed record LifetimeRecord
{
    public required TimeSpan EndsAt { get; init; }

    public required LifetimeLimit Limit { get; init; }
}
