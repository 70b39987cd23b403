using System.Collections.Concurrent;
using Templating.Contract;

namespace Templating.Operator.Pods;

/// <summary>
/// Waiting pods somebody in this process is claiming, deleting or has deleted, so that the others look elsewhere. It only
/// spares refused writes and wrong counts: what decides between two operators is the resourceVersion of each write.
/// </summary>
internal sealed class PodReservations(TimeProvider time)
{
    /// <summary>Long after the watch told of a deletion.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(10);

    /// <summary>By uid; when it was deleted, null while it is only taken.</summary>
    private readonly ConcurrentDictionary<string, TimeSpan?> _taken = new(StringComparer.Ordinal);

    private long _swept = time.GetTimestamp();

    /// <returns>False when somebody else has it.</returns>
    public bool TryTake(string uid) => _taken.TryAdd(uid, null);

    public void Release(string uid) => _taken.TryRemove(uid, out _);

    /// <summary>It was deleted; the cache may still show it for a while.</summary>
    public void Retire(string uid)
    {
        _taken[uid] = time.Steady();
        Sweep();
    }

    public bool IsRetired(string uid) => _taken.TryGetValue(uid, out var at) && at is not null;

    private void Sweep()
    {
        var swept = Interlocked.Read(ref _swept);
        if (time.GetElapsedTime(swept) < Kept || Interlocked.CompareExchange(ref _swept, time.GetTimestamp(), swept) != swept)
        {
            return;
        }

        var now = time.Steady();
        foreach (var (uid, at) in _taken)
        {
            if (at is { } retired && now - retired > Kept)
            {
                _taken.TryRemove(uid, out _);
            }
        }
    }
}
