using Templating.Core.Capacity;

namespace Templating.Core.Vms;

/// <summary>What a VM holds of the node: given back once, when its process is gone.</summary>
internal sealed class VmHoldings : IDisposable
{
    private readonly List<IDisposable> _more = [];
    private bool _isOver;

    /// <summary>Null where nothing is charged: a pod's memory is the kubelet's to account.</summary>
    public MemoryCharge? Charge { get; set; }

    /// <summary>Keeps the revision from being deleted.</summary>
    public IDisposable? Lease { get; init; }

    /// <summary>Null where it runs as the user of who started it.</summary>
    public RentedUser? User { get; set; }

    /// <summary>Holds something more until its end; where that has come, no longer than this call.</summary>
    public void Add(IDisposable more)
    {
        lock (_more)
        {
            if (!_isOver)
            {
                _more.Add(more);
                return;
            }
        }

        more.Dispose();
    }

    public void Dispose()
    {
        lock (_more)
        {
            _isOver = true;
        }

        _more.ForEach(held => held.Dispose());
        Charge?.Dispose();
        Lease?.Dispose();
        User?.Dispose();
    }
}
