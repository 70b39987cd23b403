namespace Templating.Core.Downloads;

/// <summary>So many at once for each tenant, and so many in all. A tenant that waits for its own turn takes none of the others'.</summary>
internal sealed class Turns(int perTenant, int inAll) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Own> _tenants = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _all = new(inAll);

    public async Task<IDisposable> TakeAsync(string tenant, CancellationToken cancellationToken)
    {
        Own own;
        lock (_lock)
        {
            own = _tenants.TryGetValue(tenant, out var known) ? known : _tenants[tenant] = new Own(perTenant);
            own.Users++;
        }

        var hasOwn = false;
        var hasAll = false;
        try
        {
            await own.Slots.WaitAsync(cancellationToken);
            hasOwn = true;
            await _all.WaitAsync(cancellationToken);
            hasAll = true;
            return new Turn(() => Give(tenant, own));
        }
        finally
        {
            if (!hasAll)
            {
                Leave(tenant, own, hasOwn);
            }
        }
    }

    public void Dispose() => _all.Dispose();

    private void Give(string tenant, Own own)
    {
        _all.Release();
        Leave(tenant, own, hasOwn: true);
    }

    private void Leave(string tenant, Own own, bool hasOwn)
    {
        lock (_lock)
        {
            if (hasOwn)
            {
                own.Slots.Release();
            }

            if (--own.Users == 0)
            {
                _tenants.Remove(tenant);
                own.Slots.Dispose();
            }
        }
    }

    private sealed class Own(int slots)
    {
        public SemaphoreSlim Slots { get; } = new(slots);

        public int Users { get; set; }
    }

    private sealed class Turn(Action give) : IDisposable
    {
        private Action? _give = give;

        public void Dispose() => Interlocked.Exchange(ref _give, null)?.Invoke();
    }
}
