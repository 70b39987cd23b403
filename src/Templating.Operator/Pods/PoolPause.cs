using System.Collections.Concurrent;
using Templating.Contract;
using Templating.Operator.Cluster;

namespace Templating.Operator.Pods;

/// <summary>Something of a pool that is put off for a while, once: what comes meanwhile does not put it off further.</summary>
internal abstract class PoolPause(TimeSpan length, TimeProvider time)
{
    private readonly ConcurrentDictionary<ObjectKey, TimeSpan> _since = new();

    public void Begin(ObjectKey pool) => _since.TryAdd(pool, time.Steady());

    /// <summary>Null where there is no pause, or where it is over: then it has ended, and the next one is another.</summary>
    public TimeSpan? Left(ObjectKey pool)
    {
        if (!_since.TryGetValue(pool, out var since))
        {
            return null;
        }

        var left = since + length - time.Steady();
        if (left > TimeSpan.Zero)
        {
            return left;
        }

        End(pool);
        return null;
    }

    public void End(ObjectKey pool) => _since.TryRemove(pool, out _);
}
