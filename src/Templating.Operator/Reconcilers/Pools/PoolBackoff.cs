using System.Collections.Concurrent;
using Templating.Contract;

namespace Templating.Operator.Reconcilers.Pools;

/// <summary>
/// After a member failed, or could not be made, a pool makes no others for a while, twice as long each time, so that a pool
/// whose VMs crash is no storm. Why is remembered until one is made again: a pass within the pause cannot see it. Forgotten
/// when none failed for a while, and with the process.
/// </summary>
internal sealed class PoolBackoff(TimeProvider time)
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    /// <summary>Without a failure for so long, and for the last pause again, the next one is the first.</summary>
    private static readonly TimeSpan Calm = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, Entry> _pools = new(StringComparer.Ordinal);

    /// <summary>Failures within one pause count once, and the first is told.</summary>
    /// <returns>Whether it is another kind of failure than the one before, so worth an Event.</returns>
    public bool Failed(string uid, Refusal why)
    {
        var now = time.Steady();
        var before = _pools.GetValueOrDefault(uid);
        if (before is null || now - before.Until > Calm + before.Pause)
        {
            _pools[uid] = new Entry(First, now + First, why, why.Class);
            return true;
        }

        if (before.Until > now)
        {
            _pools[uid] = before with { Why = before.Why ?? why };
            return false;
        }

        var longer = before.Pause + before.Pause < Longest ? before.Pause + before.Pause : Longest;
        _pools[uid] = new Entry(longer, now + longer, why, why.Class);
        return before.Class != why.Class;
    }

    /// <summary>A member was made: whatever failed before is over, though the next failure is not the first.</summary>
    public void Made(string uid)
    {
        if (_pools.TryGetValue(uid, out var before) && before.Why is not null)
        {
            _pools[uid] = before with { Why = null };
        }
    }

    /// <summary>What keeps members from being made since the last one was; null where nothing does.</summary>
    public Refusal? Why(string uid) => _pools.GetValueOrDefault(uid)?.Why;

    /// <summary>Null when members may be made.</summary>
    public TimeSpan? Left(string uid) =>
        _pools.TryGetValue(uid, out var pause) && pause.Until - time.Steady() is var left && left > TimeSpan.Zero ? left : null;

    private sealed record Entry(TimeSpan Pause, TimeSpan Until, Refusal? Why, string Class);
}
