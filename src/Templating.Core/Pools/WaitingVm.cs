using Templating.Core.Machines;
using Templating.Core.Names;
using Templating.Core.Vms;

namespace Templating.Core.Pools;

/// <summary>Whose a VM of a pool is. Read and changed within the lock of the pools.</summary>
internal enum Custody
{
    /// <summary>It is on its way to wait.</summary>
    Starting,

    Waiting,

    /// <summary>A clone has it, and all that is its.</summary>
    Given,

    /// <summary>It has ended, or is to.</summary>
    Over,
}

/// <summary>A VM that waits for a clone to take it: a life without an activation.</summary>
internal sealed class WaitingVm
{
    public required PoolName Pool { get; init; }

    public required WaitingKind Kind { get; init; }

    public required RevisionName Revision { get; init; }

    public required VmFolder Folder { get; init; }

    public required VmLife Life { get; init; }

    public required GuestAgentKind Agent { get; init; }

    /// <summary>Whether its guest may open connections outwards: fixed when QEMU starts.</summary>
    public required bool Outbound { get; init; }

    /// <summary>Whether ports of the host can still be led to it: not by another daemon than the one that started it.</summary>
    public required bool TakesForwards { get; init; }

    /// <summary>Whether most clones of its template cannot take it any more, for they have ports: it is replaced.</summary>
    public bool IsWorn { get; init; }

    public required DateTimeOffset Since { get; set; }

    public Custody Custody { get; set; } = Custody.Starting;

    /// <summary>Tells of its end to who has it then, and is awaited when the daemon stops.</summary>
    public Task Background { get; set; } = Task.CompletedTask;

    public WaitingView View => new(Kind, Revision, Life.Vm?.Process.Pid ?? 0, Since, Life.Charge?.Bytes ?? 0);
}
