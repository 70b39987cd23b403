using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Templating.Contract;
using Templating.Operator.Cluster;

namespace Templating.Operator.Pods;

/// <summary>
/// A pool is left as it is for a moment after a VMClone took one of its VMs. The pod that takes its place would start at once, often on the same
/// node, beside the guest that is just becoming the VMClone's; and what is written of the pool then is written once for all that were taken.
/// </summary>
internal sealed class PoolRest(IOptions<PodOptions> options, TimeProvider time)
{
    private readonly ConcurrentDictionary<ObjectKey, TimeSpan> _since = new();

    /// <summary>Also where it rests already: many takes do not keep it from being filled.</summary>
    public void Took(ObjectKey pool) => _since.TryAdd(pool, time.Steady());

    /// <summary>Null where it does not rest, or no longer: what it lacks is made then, and the next take begins another rest.</summary>
    public TimeSpan? Left(ObjectKey pool)
    {
        if (!_since.TryGetValue(pool, out var since))
        {
            return null;
        }

        var left = since + options.Value.RefillDelay - time.Steady();
        if (left > TimeSpan.Zero)
        {
            return left;
        }

        End(pool);
        return null;
    }

    public void End(ObjectKey pool) => _since.TryRemove(pool, out _);
}
