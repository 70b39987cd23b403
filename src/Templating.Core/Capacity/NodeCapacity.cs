using Templating.Core.Errors;

namespace Templating.Core.Capacity;

/// <summary>
/// The node's memory budget. A VM is charged its whole RAM (divided by the overcommit ratio) and QEMU's own memory,
/// because a guest may write every page of its RAM whenever it likes.
/// </summary>
public sealed class NodeCapacity(CapacityOptions options)
{
    private readonly Lock _lock = new();
    private long _charged;
    private int _vms;

    public CapacityView View
    {
        get
        {
            lock (_lock)
            {
                return new CapacityView(options.BudgetBytes, _charged, _vms, options.MaxVms);
            }
        }
    }

    /// <summary>Charges a VM or refuses with what is free.</summary>
    /// <exception cref="TemplatingException">NodeMemoryExhausted, NodeCapacityExhausted.</exception>
    public MemoryCharge Charge(long memoryBytes)
    {
        var bytes = Price(memoryBytes);
        lock (_lock)
        {
            if (_vms >= options.MaxVms)
            {
                throw new TemplatingException(
                    ErrorCode.NodeCapacityExhausted,
                    $"The node runs {_vms} VMs, which is its limit. Stop some, or raise --max-clones.")
                { RetryAfter = options.RetryAfter };
            }

            var free = Math.Max(0, options.BudgetBytes - _charged);
            if (bytes > free)
            {
                throw new TemplatingException(
                    ErrorCode.NodeMemoryExhausted,
                    $"The VM needs {InMiB(bytes)} MiB of the node's memory budget; {InMiB(free)} MiB of "
                    + $"{InMiB(options.BudgetBytes)} MiB are free. Stop clones, use another node, or raise --memory-budget "
                    + "or --memory-overcommit.")
                {
                    RetryAfter = options.RetryAfter,
                    Details = new Dictionary<string, string>(StringComparer.Ordinal)
                    {
                        ["needed_bytes"] = $"{bytes}",
                        ["free_bytes"] = $"{free}",
                        ["budget_bytes"] = $"{options.BudgetBytes}",
                    },
                };
            }

            return Take(bytes);
        }
    }

    /// <summary>Charges a VM that already runs, beyond the budget if need be: it was admitted by the daemon before.</summary>
    public MemoryCharge ChargeAdopted(long bytes)
    {
        lock (_lock)
        {
            return Take(bytes);
        }
    }

    internal void Release(long bytes)
    {
        lock (_lock)
        {
            _charged -= bytes;
            _vms--;
        }
    }

    private static long InMiB(long bytes) => bytes >> 20;

    private long Price(long memoryBytes) => (long)(memoryBytes / options.Overcommit) + options.OverheadBytes;

    private MemoryCharge Take(long bytes)
    {
        _charged += bytes;
        _vms++;
        return new MemoryCharge(this, bytes);
    }
}

/// <summary>A share of the budget; given back once, on dispose.</summary>
public sealed class MemoryCharge(NodeCapacity owner, long bytes) : IDisposable
{
    private int _released;

    public long Bytes => bytes;

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _released, 1) == 0)
        {
            owner.Release(bytes);
        }
    }
}
