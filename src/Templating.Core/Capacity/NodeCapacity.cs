using Templating.Core.Errors;

namespace Templating.Core.Capacity;

/// <summary>
/// The node's memory budget. A VM is charged its whole RAM (divided by the overcommit ratio) and QEMU's own memory,
/// because a guest may write every page of its RAM whenever it likes. Each tenant has its own limits within it.
/// </summary>
public sealed class NodeCapacity(CapacityOptions options, ITenantLimits? limits = null)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (int Vms, long Bytes)> _tenants = new(StringComparer.Ordinal);
    private long _charged;
    private int _vms;
    private int _spares;

    public CapacityView View
    {
        get
        {
            lock (_lock)
            {
                return new CapacityView(options.BudgetBytes, _charged + Besides(), _vms, options.MaxVms);
            }
        }
    }

    /// <summary>Memory that is neither a VM's nor free: a store's that lies in memory. Asked at each charge; must not wait.</summary>
    public Func<long> Besides { private get; set; } = () => 0;

    /// <summary>
    /// Ends so many VMs that are nobody's, and gives back their charges before it returns; null where there are none. Must not wait.
    /// </summary>
    public Action<int>? GiveWay { private get; set; }

    /// <summary>What each tenant may have.</summary>
    public ITenantLimits Limits { get; } = limits ?? SameLimits.Defaults;

    /// <summary>What a tenant's VMs are and are charged.</summary>
    public (int Vms, long Bytes) Of(string tenant)
    {
        lock (_lock)
        {
            return _tenants.GetValueOrDefault(tenant);
        }
    }

    /// <summary>For how many such VMs of the tenant there is room; below zero where what there is is more than is allowed.</summary>
    internal long RoomFor(string tenant, long memoryBytes)
    {
        var bytes = Price(memoryBytes);
        var own = Limits.Of(tenant);
        lock (_lock)
        {
            var (vms, charged) = _tenants.GetValueOrDefault(tenant);
            return new[]
            {
                options.MaxVms - _vms,
                FloorOf(options.BudgetBytes - _charged - Besides(), bytes),
                (own.Vms ?? options.MaxVms) - vms,
                FloorOf((own.MemoryBytes ?? options.BudgetBytes) - charged, bytes),
            }.Min();
        }

        static long FloorOf(long free, long each) => (long)Math.Floor((double)free / each);
    }

    /// <summary>Whether a VM would fit, were so many others of its tenant gone, with so much that they are charged, and all that are nobody's.</summary>
    internal bool WouldFit(string tenant, long memoryBytes, int goneVms, long goneBytes)
    {
        var own = Limits.Of(tenant);
        lock (_lock)
        {
            return _vms - goneVms < options.MaxVms && _tenants.GetValueOrDefault(tenant).Vms - goneVms < (own.Vms ?? int.MaxValue)
                && HasRoom(tenant, own, Price(memoryBytes) - goneBytes);
        }
    }

    /// <summary>The same for more RAM of a VM that runs.</summary>
    internal bool WouldGrow(string tenant, long memoryBytes, long goneBytes)
    {
        var own = Limits.Of(tenant);
        lock (_lock)
        {
            return HasRoom(tenant, own, (long)(memoryBytes / options.Overcommit) - goneBytes);
        }
    }

    /// <summary>Charges a VM or refuses with what is free.</summary>
    /// <exception cref="TemplatingException">TenantQuotaExhausted, NodeMemoryExhausted, NodeCapacityExhausted; TenantLimitTooSmall, NodeTooSmall: it never fits.</exception>
    public MemoryCharge Charge(string tenant, long memoryBytes)
    {
        var bytes = Price(memoryBytes);
        var own = Limits.Of(tenant);
        lock (_lock)
        {
            RequireOwn(tenant, own, bytes);
            if (bytes > options.BudgetBytes)
            {
                throw NodeRefusals.Never(bytes, options.BudgetBytes);
            }

            if (_vms >= options.MaxVms)
            {
                throw new TemplatingException(
                    ErrorCode.NodeCapacityExhausted,
                    $"The node runs {_vms} VMs, which is its limit. Stop some, or raise --max-clones.")
                { RetryAfter = options.RetryAfter };
            }

            var besides = Besides();
            var free = FreeFor(bytes, besides);
            if (bytes > free)
            {
                throw NodeRefusals.Full(
                    bytes, free, options,
                    besides > 0 ? $", for templates in the store, which is in memory, take {InMiB(besides)} MiB" : "");
            }

            return Take(tenant, bytes);
        }
    }

    /// <summary>
    /// Charges a VM that is nobody's and has no RAM yet; it is none of the clones, and goes when a clone needs its room. Null where there
    /// is none.
    /// </summary>
    public IDisposable? TryChargeSpare()
    {
        lock (_lock)
        {
            if (options.OverheadBytes > options.BudgetBytes - _charged - Besides())
            {
                return null;
            }

            _charged += options.OverheadBytes;
            _spares++;
            return new SpareCharge(this, options.OverheadBytes);
        }
    }

    /// <summary>Charges a VM that already runs, beyond budget and limits if need be: it was admitted by the daemon before.</summary>
    public MemoryCharge ChargeAdopted(string tenant, long bytes)
    {
        lock (_lock)
        {
            return Take(tenant, bytes);
        }
    }

    /// <summary>Charges a VM that runs for more RAM, or refuses with what is free.</summary>
    /// <exception cref="TemplatingException">TenantQuotaExhausted, TenantLimitTooSmall, NodeMemoryExhausted; IllegalState: the VM has ended.</exception>
    internal void Grow(MemoryCharge charge, string tenant, long memoryBytes)
    {
        var bytes = (long)(memoryBytes / options.Overcommit);
        var own = Limits.Of(tenant);
        lock (_lock)
        {
            var charged = _tenants.GetValueOrDefault(tenant).Bytes;
            if (charge.IsReleased)
            {
                throw new TemplatingException(ErrorCode.IllegalState, "The VM has ended.");
            }

            if (charge.Bytes + bytes > own.MemoryBytes)
            {
                throw TenantRefusals.Never(tenant, "memoryBytes", $"{InMiB(charge.Bytes + bytes)} MiB of memory for this VM alone", $"{InMiB(own.MemoryBytes.Value)} MiB");
            }

            if (charged + bytes > own.MemoryBytes)
            {
                throw TenantRefusals.Quota(
                    tenant, "memoryBytes", $"{InMiB(charged + bytes)} MiB of memory", $"{InMiB(own.MemoryBytes.Value)} MiB", "Stop clones, or grow by less");
            }

            var free = FreeFor(bytes, Besides());
            if (bytes > free)
            {
                throw NodeRefusals.FullToGrow(bytes, free, options);
            }

            Add(charge, tenant, bytes);
        }
    }

    /// <summary>Gives back what <see cref="Grow"/> took.</summary>
    internal void Shrink(MemoryCharge charge, string tenant, long memoryBytes)
    {
        lock (_lock)
        {
            if (!charge.IsReleased)
            {
                Add(charge, tenant, -(long)(memoryBytes / options.Overcommit));
            }
        }
    }

    internal void Release(MemoryCharge charge, string tenant)
    {
        lock (_lock)
        {
            if (!charge.IsReleased)
            {
                charge.IsReleased = true;
                Release(tenant, charge.Bytes);
            }
        }
    }

    /// <summary>What is free, after those that are nobody's have given way where that is too little.</summary>
    private long FreeFor(long bytes, long besides)
    {
        var free = options.BudgetBytes - _charged - besides;
        if (bytes > free && _spares > 0 && options.OverheadBytes > 0)
        {
            GiveWay?.Invoke((int)Math.Min(_spares, (bytes - free + options.OverheadBytes - 1) / options.OverheadBytes));
            free = options.BudgetBytes - _charged - besides;
        }

        return Math.Max(0, free);
    }

    private bool HasRoom(string tenant, TenantLimits own, long bytes) =>
        _tenants.GetValueOrDefault(tenant).Bytes + bytes <= (own.MemoryBytes ?? long.MaxValue)
        && _charged - (_spares * options.OverheadBytes) + Besides() + bytes <= options.BudgetBytes;

    private void Add(MemoryCharge charge, string tenant, long bytes)
    {
        var (vms, charged) = _tenants.GetValueOrDefault(tenant);
        _tenants[tenant] = (vms, charged + bytes);
        _charged += bytes;
        charge.Bytes += bytes;
    }

    private void Release(string tenant, long bytes)
    {
        _charged -= bytes;
        _vms--;
        var (vms, charged) = _tenants[tenant];
        if (vms == 1)
        {
            _tenants.Remove(tenant);
        }
        else
        {
            _tenants[tenant] = (vms - 1, charged - bytes);
        }
    }

    private static long InMiB(long bytes) => bytes >> 20;

    private long Price(long memoryBytes) => (long)(memoryBytes / options.Overcommit) + options.OverheadBytes;

    private void RequireOwn(string tenant, TenantLimits own, long bytes)
    {
        var (vms, charged) = _tenants.GetValueOrDefault(tenant);
        if (own.Vms == 0 || bytes > own.MemoryBytes)
        {
            throw own.Vms == 0
                ? TenantRefusals.Never(tenant, "vms", "a VM", "0")
                : TenantRefusals.Never(tenant, "memoryBytes", $"{InMiB(bytes)} MiB of memory for this VM alone", $"{InMiB(own.MemoryBytes!.Value)} MiB");
        }

        if (vms >= own.Vms)
        {
            throw TenantRefusals.Quota(tenant, "vms", $"{vms + 1} VMs", $"{own.Vms}", "Stop some");
        }

        if (charged + bytes > own.MemoryBytes)
        {
            throw TenantRefusals.Quota(
                tenant, "memoryBytes", $"{InMiB(charged + bytes)} MiB of memory", $"{InMiB(own.MemoryBytes.Value)} MiB", "Stop clones, or take smaller ones");
        }
    }

    private MemoryCharge Take(string tenant, long bytes)
    {
        _charged += bytes;
        _vms++;
        var (vms, charged) = _tenants.GetValueOrDefault(tenant);
        _tenants[tenant] = (vms + 1, charged + bytes);
        return new MemoryCharge(this, tenant, bytes);
    }

    private sealed class SpareCharge(NodeCapacity owner, long bytes) : IDisposable
    {
        private bool _isReleased;

        public void Dispose()
        {
            lock (owner._lock)
            {
                if (!_isReleased)
                {
                    _isReleased = true;
                    owner._spares--;
                    owner._charged -= bytes;
                }
            }
        }
    }
}
