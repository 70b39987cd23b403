using Templating.Core.Diagnostics;
using Templating.Core.Errors;
using Templating.Core.Names;

namespace Templating.Core.Pools;

/// <summary>All pools of the node, behind one lock, and what is told of them.</summary>
internal sealed class PoolTable
{
    /// <summary>About what a view without VMs costs, and each of them.</summary>
    private const long ViewBytes = 1024;
    private const long VmBytes = 256;

    private readonly Dictionary<PoolName, Pool> _pools = [];
    private readonly Broadcaster<Change<PoolView>> _changes = new(
        Changes.Merging<PoolView>(view => view.Name.ToString(), view => ViewBytes + (2L * view.ProblemText.Length) + (VmBytes * view.Vms.Count)));

    public Lock Lock { get; } = new();

    /// <summary>Within the lock.</summary>
    public IReadOnlyCollection<Pool> All => _pools.Values;

    public IAsyncEnumerable<Change<PoolView>> SubscribeAsync(CancellationToken cancellationToken) => _changes.SubscribeAsync(cancellationToken);

    public IReadOnlyList<Pool> Snapshot()
    {
        lock (Lock)
        {
            return [.. _pools.Values];
        }
    }

    /// <summary>Within the lock.</summary>
    public Pool? Find(PoolName name) => _pools.GetValueOrDefault(name);

    /// <summary>Within the lock.</summary>
    public bool Has(Pool pool) => Find(pool.Name) == pool;

    /// <summary>Within the lock.</summary>
    public Pool Get(PoolName name) => Find(name) ?? throw new TemplatingException(
        ErrorCode.PoolNotFound, $"There is no {name}. 'templating pool list' shows those there are.");

    /// <summary>Within the lock.</summary>
    public void Add(Pool pool)
    {
        _pools.Add(pool.Name, pool);
        pool.Told = pool.Describe();
        _changes.Publish(new Change<PoolView>(ChangeKind.Added, pool.View()));
    }

    /// <summary>Within the lock.</summary>
    public void Remove(Pool pool)
    {
        _pools.Remove(pool.Name);
        _changes.Publish(new Change<PoolView>(ChangeKind.Deleted, pool.View()));
    }

    /// <summary>Tells of it where something is new. Within the lock.</summary>
    public void Tell(Pool pool)
    {
        var now = pool.Describe();
        if (Has(pool) && !string.Equals(now, pool.Told, StringComparison.Ordinal))
        {
            pool.Told = now;
            _changes.Publish(new Change<PoolView>(ChangeKind.Modified, pool.View()));
        }
    }

    /// <summary>VMs that have not become a clone's, and hold the revision.</summary>
    public int CountOf(RevisionName revision)
    {
        lock (Lock)
        {
            return _pools.Values.Sum(pool => pool.Vms.Count(vm => vm.Revision == revision));
        }
    }
}
