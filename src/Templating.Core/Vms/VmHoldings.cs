using Templating.Core.Capacity;

namespace Templating.Core.Vms;

/// <summary>What a VM holds of the node: given back once, when its process is gone.</summary>
internal sealed class VmHoldings : IDisposable
{
    private readonly List<(IDisposable Held, string Name)> _more = [];
    private bool _isOver;

    /// <summary>Null where nothing is charged: a pod's memory is the kubelet's to account.</summary>
    public MemoryCharge? Charge { get; set; }

    /// <summary>Keeps the revision from being deleted.</summary>
    public IDisposable? Lease { get; init; }

    /// <summary>Null where it runs as the user of who started it.</summary>
    public RentedUser? User { get; set; }

    /// <summary>Holds something more until its end, or until it is given back by that name; where the end has come, no longer than this call.</summary>
    public void Add(IDisposable more, string name = "")
    {
        lock (_more)
        {
            if (!_isOver)
            {
                _more.Add((more, name));
                return;
            }
        }

        more.Dispose();
    }

    /// <summary>Gives back what is held under that name.</summary>
    public void Release(string name)
    {
        List<IDisposable> released;
        lock (_more)
        {
            released = [.. _more.Where(held => held.Name == name).Select(held => held.Held)];
            _more.RemoveAll(held => held.Name == name);
        }

        released.ForEach(held => held.Dispose());
    }

    public void Dispose()
    {
        lock (_more)
        {
            _isOver = true;
        }

        _more.ForEach(more => more.Held.Dispose());
        Charge?.Dispose();
        Lease?.Dispose();
        User?.Dispose();
    }
}
