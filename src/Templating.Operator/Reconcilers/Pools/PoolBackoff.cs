using System.Collections.Concurrent;

namespace Templating.Operator.Reconcilers.Pools;

/// <summary>
/// After a member failed, or could not be made, a pool makes no others for a while, twice as long each time, so that a pool
/// whose VMs crash is no storm. Forgotten when the pool is full, and with the process: it starts at the beginning again.
/// </summary>
internal sealed class PoolBackoff(TimeProvider time)
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<string, (TimeSpan Pause, DateTimeOffset Until)> _pools = new(StringComparer.Ordinal);

    /// <summary>Failures within one pause count once.</summary>
    public void Failed(string uid)
    {
        var now = time.GetUtcNow();
        _pools.AddOrUpdate(
            uid,
            _ => (First, now + First),
            (_, old) => old.Until > now ? old : Next(old.Pause, now));
    }

    public void Full(string uid) => _pools.TryRemove(uid, out _);

    /// <summary>Null when members may be made.</summary>
    public TimeSpan? Left(string uid) =>
        _pools.TryGetValue(uid, out var pause) && pause.Until - time.GetUtcNow() is var left && left > TimeSpan.Zero ? left : null;

    private static (TimeSpan Pause, DateTimeOffset Until) Next(TimeSpan pause, DateTimeOffset now)
    {
        var longer = pause + pause < Longest ? pause + pause : Longest;
        return (longer, now + longer);
    }
}
