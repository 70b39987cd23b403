using Templating.Core.Capacity;
using Templating.Core.Machines;

namespace Templating.Core.Clones;

/// <summary>One clone in the daemon's memory: what is known of it and what it holds.</summary>
internal sealed class Clone(CloneRecord record, VmFolder folder) : IDisposable
{
    private readonly Lock _lock = new();
    private CloneRecord _record = record;

    public VmFolder Folder => folder;

    /// <summary>One change of state at a time.</summary>
    public SemaphoreSlim Gate { get; } = new(1, 1);

    public CloneRecord Record
    {
        get
        {
            lock (_lock)
            {
                return _record;
            }
        }
    }

    public CloneView View => Record.View;

    public CloneName Name => View.Name;

    public IVm? Vm { get; set; }

    public MemoryCharge? Charge { get; set; }

    /// <summary>Keeps its revision from being deleted; held as long as its VM lives.</summary>
    public IDisposable? Lease { get; set; }

    /// <summary>Work that goes on after the create call returned: identity, then waiting for the exit.</summary>
    public Task Background { get; set; } = Task.CompletedTask;

    /// <summary>Set when it is being deleted: its exit is then expected.</summary>
    public bool Deleting { get; set; }

    public CloneRecord Update(Func<CloneRecord, CloneRecord> change)
    {
        lock (_lock)
        {
            return _record = change(_record);
        }
    }

    public void Dispose() => Gate.Dispose();
}
