using Templating.Core.Diagnostics;

namespace Templating.Core.Pools;

/// <summary>The use cases of pools. Authorisation is the caller's: every name given here may be acted upon.</summary>
public interface IPoolManager
{
    /// <summary>Makes a pool, or changes what is asked of it. When this returns it outlives the daemon; its VMs come and go beside.</summary>
    /// <exception cref="Errors.TemplatingException">TenantQuotaExhausted: the tenant has as many as it may. DiskFull and others of the host's.</exception>
    PoolView Set(PoolName name, PoolSpec spec);

    /// <exception cref="Errors.TemplatingException">PoolNotFound.</exception>
    PoolView Get(PoolName name);

    /// <summary>Ordered by tenant and id.</summary>
    IReadOnlyList<PoolView> List(string? tenant);

    /// <summary>Forgets it. When this returns, its VMs are gone.</summary>
    Task DeleteAsync(PoolName name, CancellationToken cancellationToken);

    /// <summary>Every change from now on. Subscribe before <see cref="List"/> to miss none.</summary>
    IAsyncEnumerable<Change<PoolView>> WatchAsync(CancellationToken cancellationToken);
}
