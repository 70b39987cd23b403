using System.Collections.Concurrent;
using Templating.Operator.Cluster;

namespace Templating.Operator.Pods;

/// <summary>How many VMs wait in each pool, as the last pass over it saw: sooner than its status has it.</summary>
internal sealed class PoolLevels
{
    private readonly ConcurrentDictionary<ObjectKey, int> _waiting = new();

    /// <summary>0 for a pool that no pass has seen.</summary>
    public int this[ObjectKey pool] => _waiting.GetValueOrDefault(pool);

    public void Saw(ObjectKey pool, int waiting) => _waiting[pool] = waiting;

    public void Forget(ObjectKey pool) => _waiting.TryRemove(pool, out _);
}
