using Templating.Contract;
using Templating.Core.Diagnostics;
using Templating.Core.Machines;
using Templating.Core.Vms;

namespace Templating.Core.Clones;

/// <summary>One clone of the node: the owner of a VM's life, and what is written down of it.</summary>
internal sealed class Clone
{
    private readonly Lock _lock = new();
    private Task<VmEnd?>? _removal;
    private volatile bool _isBeingRemoved;
    private volatile bool _hasRun;
    private CloneView? _resting;

    /// <summary>Of the VM that it is; null, as that is, before it has one.</summary>
    public VmFolder Folder { get; private set; } = null!;

    /// <summary>The VM that it is: one that waited may be passed over for another, until its CPUs run.</summary>
    public VmLife Life { get; private set; } = null!;

    /// <summary>Done when its CPUs run, whichever VM it is by then.</summary>
    public Task Running { get; set; } = Task.CompletedTask;

    public required GuestAgentKind Agent { get; init; }

    /// <summary>Since its admission; null for one that was taken over.</summary>
    public PhaseClock? Clock { get; init; }

    public Guid? RequestId { get; init; }

    public string RequestDigest { get; init; } = "";

    public required CloneLifetime Lifetime { get; init; }

    /// <summary>Whether it went on from a VM that waited for it.</summary>
    public bool IsWarm { get; set; }

    /// <summary>Whether it ended before this daemon began: its end is no news of this one's.</summary>
    public bool WasOver { get; init; }

    /// <summary>Null while it lives. For people, and for the next daemon.</summary>
    public DateTimeOffset? EndedAt { get; private set; }

    /// <summary>When it ended, by the process's steady clock: what its being forgotten counts from. Null while it lives.</summary>
    public TimeSpan? EndedSteady { get; private set; }

    /// <summary>Whether its create call has told of it: then its end must not be forgotten by a restart.</summary>
    public bool IsTold { get; set; }

    /// <summary>Done when it answers; at once, but for one that was silent when this daemon began.</summary>
    public Task Answers { get; set; } = Task.CompletedTask;

    /// <summary>Whether the next daemon would find it: a record of it lies in its folder.</summary>
    public bool IsRecorded { get; set; }

    /// <summary>Why its newest record was not written; null where it was.</summary>
    public Exception? RecordFault { get; set; }

    /// <summary>Work that outlives the call that made it: tells of its start and of its end.</summary>
    public Task Background { get; set; } = Task.CompletedTask;

    public CloneView View
    {
        get
        {
            var view = (CloneView)Life.View;
            return IsPassedOver(view) ? _resting ?? view : view;
        }
    }

    public CloneName Name => View.Name;

    /// <summary>Whether somebody removes it: its end is then no news, and a retry of its request a new try. Asked without its lock.</summary>
    public bool IsBeingRemoved => _isBeingRemoved;

    /// <summary>Makes it another VM, or its first.</summary>
    /// <param name="life">Of that VM.</param>
    /// <param name="folder">Of that VM.</param>
    /// <param name="resting">What is told of it while that VM waited for it and has not run; null where it did not wait.</param>
    /// <returns>False where its end has begun: nothing is changed then.</returns>
    public bool TryBe(VmLife life, VmFolder folder, CloneView? resting = null)
    {
        lock (_lock)
        {
            if (_isBeingRemoved)
            {
                return false;
            }

            (Life, Folder, _resting) = (life, folder, resting);
            return true;
        }
    }

    /// <summary>Notes a change of a VM that waited for it, and says whether anybody is to be told.</summary>
    public bool IsNews(VmLife life, VmView view)
    {
        _hasRun |= view.State == VmState.Running;
        return ReferenceEquals(Life, life) && !IsPassedOver(view);
    }

    /// <summary>Whether that is no more than the end of a VM that waited, and in whose place it goes on from another one.</summary>
    private bool IsPassedOver(VmView view) => _resting is not null && !_hasRun && !_isBeingRemoved && VmTransitions.IsEnd(view.State);

    /// <summary>Notes that it ended; the first time counts.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="at">Null for now; else what another daemon noted, of whose clock no more is believed than that it is not in the future.</param>
    public void NoteEnd(TimeProvider time, DateTimeOffset? at = null)
    {
        if (EndedAt is null)
        {
            var now = time.GetUtcNow();
            EndedAt = at ?? now;
            EndedSteady = time.Steady() - (at < now ? now - at.Value : TimeSpan.Zero);
        }
    }

    /// <summary>Runs <paramref name="remove"/>, once; whoever comes later gets the same task.</summary>
    public Task<VmEnd?> RemoveOnce(Func<Task<VmEnd?>> remove)
    {
        lock (_lock)
        {
            _isBeingRemoved = true;
            return _removal ??= remove();
        }
    }

    public CloneRecord Record(CloneView view) => new()
    {
        FormatVersion = CloneRecord.CurrentVersion,
        View = view,
        Process = EndedAt is null ? Life.Vm?.Process : null,
        User = EndedAt is null ? Life.User?.User : null,
        Agent = Agent,
        RequestId = RequestId,
        RequestDigest = RequestDigest,
        EndedAt = EndedAt,
        Lifetime = EndedAt is null ? Lifetime.Record : null,
    };
}
