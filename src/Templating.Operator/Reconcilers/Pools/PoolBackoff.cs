using System.Collections.Concurrent;
using Templating.Contract;

namespace Templating.Operator.Reconcilers.Pools;

/// <summary>
/// After a member failed, or could not be made, a pool makes no others for a while, twice as long each time, so that a pool
/// whose VMs crash is no storm. Forgotten when none failed for a while, and with the process.
/// </summary>
internal sealed class PoolBackoff(TimeProvider time)
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    /// <summary>Without a failure for so long, and for the last pause again, the next one is the first.</summary>
    private static readonly TimeSpan Calm = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, (TimeSpan Pause, TimeSpan Until)> _pools = new(StringComparer.Ordinal);

    /// <summary>Failures within one pause count once.</summary>
    public void Failed(string uid)
    {
        var now = time.Steady();
        _pools.AddOrUpdate(
            uid,
            _ => (First, now + First),
            (_, old) => old.Until > now ? old : now - old.Until > Calm + old.Pause ? (First, now + First) : Next(old.Pause, now));
    }

    /// <summary>Null when members may be made.</summary>
    public TimeSpan? Left(string uid) =>
        _pools.TryGetValue(uid, out var pause) && pause.Until - time.Steady() is var left && left > TimeSpan.Zero ? left : null;

    private static (TimeSpan Pause, TimeSpan Until) Next(TimeSpan pause, TimeSpan now)
    {
        var longer = pause + pause < Longest ? pause + pause : Longest;
        return (longer, now + longer);
    }
}
