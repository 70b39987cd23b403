using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;
using Templating.Core.Capacity;
using Templating.Core.Errors;
using Templating.Core.Machines;

namespace Templating.Core.Vms;

/// <summary>
/// One VM, from before its process exists until after it is gone. It has one owner (a clone, a pod) who begins it, activates
/// it and ends it here; its steps and its end are tasks of the life's own, so that no caller who goes away leaves a VM behind
/// that nobody knows. What it holds of the node is given back once, when its process is gone.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "They hold nothing but memory, and one who asks late for the end must not find them disposed.")]
internal sealed partial class VmLife
{
    private string _name;
    private readonly VmHoldings _holdings;
    private readonly VmStatus _status;
    private readonly VmStart? _start;
    private readonly EndWish _wish;
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _abandoned = new();
    private readonly CancellationTokenSource _impatient = new();
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<VmEnd?> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _restored = Task.CompletedTask;
    private Task _resumed = Task.CompletedTask;
    private Task<VmView>? _ready;
    private IVm? _vm;
    private Exception? _failure;
    private bool _letGo;

    /// <param name="name">What its owner calls it in messages.</param>
    /// <param name="holdings">Given back when it is gone.</param>
    /// <param name="status">Its state; nobody else changes it.</param>
    /// <param name="start">Its way to ready; null for one that was begun by another process.</param>
    /// <param name="time">For graces.</param>
    public VmLife(string name, VmHoldings holdings, VmStatus status, VmStart? start, TimeProvider time)
    {
        (_name, _holdings, _status, _start, _wish) = (name, holdings, status, start, new EndWish(time));
        Cpus = new CpuSwitch(this, _status, time, _abandoned.Token);
    }

    public VmView View => _status.View;

    /// <summary>Null before QEMU answers, and when it is gone.</summary>
    public IVm? Vm => _vm;

    /// <summary>What its guest printed last, once it has ended. Its owner sets it to null where it keeps that elsewhere.</summary>
    public byte[]? Printed { get; set; } = [];

    public RentedUser? User => _holdings.User;

    /// <summary>Null where nothing is charged.</summary>
    public MemoryCharge? Charge => _holdings.Charge;

    public CpuSwitch Cpus { get; }

    /// <summary>Holds something for it until its end, or until it is given back by that name.</summary>
    public void Hold(IDisposable more, string name = "") => _holdings.Add(more, name);

    public void Release(string name) => _holdings.Release(name);

    /// <summary>One change of what is plugged at a time.</summary>
    public SemaphoreSlim PlugTurn { get; } = new(1, 1);

    /// <summary>Changes what its owner tells of it beside its state; false where it has ended.</summary>
    public bool Tell(Func<VmView, VmView> change) => _status.TryChange(view => change(view) with { State = view.State });

    /// <summary>Done when it waits, paused at the frozen moment or where it was told to rest before; fails with what made an end to it.</summary>
    public Task Restored => _restored;

    /// <summary>Done when its CPUs run.</summary>
    public Task Resumed => _resumed;

    /// <summary>Done when its guest has confirmed its identity. Only after it is activated.</summary>
    public Task<VmView> Ready => _ready ?? throw new InvalidOperationException("It is not activated.");

    /// <summary>Done when its process is gone and all it held is given back; null where it was let go. Never faults.</summary>
    public Task<VmEnd?> Ended => _ended.Task;

    public IAsyncEnumerable<VmView> WatchAsync(CancellationToken cancellationToken) => _status.WatchAsync(cancellationToken);

    /// <summary>Begins it, once. It rests in the restored state where <paramref name="activation"/> is null, else it goes on to ready.</summary>
    public void Begin(Activation? activation)
    {
        lock (_lock)
        {
            _restored = Task.Run(() => StepAsync(_start!.RestoreAsync), CancellationToken.None);
            _restored = activation is null ? RestedAsync(_restored) : _restored;
            if (activation is not null)
            {
                GoOn(activation);
            }

            Live();
        }
    }

    /// <summary>Begins it, once. It rests before the restored state, its QEMU waiting for that.</summary>
    public void Prepare()
    {
        lock (_lock)
        {
            _restored = RestedAsync(Task.Run(() => StepAsync(_start!.PrepareAsync), CancellationToken.None));
            Live();
        }
    }

    /// <summary>Takes over a VM that another process began.</summary>
    public void Adopt(IVm vm)
    {
        lock (_lock)
        {
            (_vm, _ready) = (vm, Task.FromResult(View));
            Live();
        }
    }

    /// <summary>Tells of one that ended before this process began.</summary>
    public void AlreadyOver()
    {
        (_ready, Printed) = (Task.FromResult(View), null);
        _ended.SetResult(new VmEnd(View.State, View.State == VmState.Stopped, View.StateReason));
    }

    /// <summary>Makes a VM that waits a clone of its own, once. Nobody's going away undoes it.</summary>
    /// <returns>Its end: ready, or what went wrong, which ends the VM too.</returns>
    /// <exception cref="TemplatingException">IllegalState, InvalidArgument, ShuttingDown; then nothing has changed.</exception>
    public Task<VmView> ActivateAsync(Activation activation)
    {
        lock (_lock)
        {
            if (_ready is not null)
            {
                throw Illegal(VmOperation.Activate);
            }

            VmOperations.Require(VmOperation.Activate, View, _name);
            activation.RequireFreePorts(View.Network);
            return !_over.Task.IsCompleted && GoOn(activation)
                ? _ready!
                : throw new TemplatingException(ErrorCode.ShuttingDown, $"{_name} is stopping.");
        }
    }

    /// <exception cref="TemplatingException">IllegalState.</exception>
    public IVm Require(VmOperation operation)
    {
        VmOperations.Require(operation, View, _name);
        return _vm ?? throw new TemplatingException(ErrorCode.IllegalState, $"{_name} has just ended.");
    }

    public TemplatingException Illegal(VmOperation operation) => VmOperations.Illegal(operation, View, _name);

    /// <returns>False where it has ended.</returns>
    private bool GoOn(Activation activation)
    {
        // Who it is about to become is seen before it begins to.
        if (!_status.TryChange(v => v with { Id = activation.Id, RequestId = activation.RequestId }))
        {
            return false;
        }

        _resumed = ResumedAsync();
        _ready = ReadyAsync();
        return true;

        async Task ResumedAsync()
        {
            await _restored;
            await StepAsync(token => _start!.ResumeAsync(activation, token));
        }

        async Task<VmView> ReadyAsync()
        {
            await _resumed;
            await StepAsync(token => _start!.IdentifyAsync(activation, token));
            _start!.GiveTurnBack();
            return View;
        }
    }

    /// <summary>A step that fails makes an end to the VM.</summary>
    private async Task StepAsync(Func<CancellationToken, Task> step)
    {
        try
        {
            await step(_abandoned.Token);
            _vm = _start!.Vm;
        }
        catch (Exception failure)
        {
            var e = HostFailure.Explain(failure);
            lock (_lock)
            {
                _vm = _start!.Vm;
                _failure ??= e is OperationCanceledException ? null : e;
            }

            _over.TrySetResult();
            ExceptionDispatchInfo.Throw(e is OperationCanceledException ? Broken(e) : e);
        }
    }

    /// <summary>Why it does not start any further, where that is no step's fault.</summary>
    private TemplatingException Broken(Exception? cause) =>
        _wish.Request is { } asked ? new(ErrorCode.IllegalState, $"{_name} was told to end while it started{(asked.Why is { } why ? $" ({why})" : "")}.", cause)
        : _letGo ? new(ErrorCode.ShuttingDown, $"{_name} was not ready when the node stopped.", cause)
        : new(ErrorCode.QemuExited, $"{_name} ended while it started.", cause);

    /// <summary>The next one may start.</summary>
    private async Task RestedAsync(Task begun)
    {
        try
        {
            await begun;
        }
        finally
        {
            _start!.GiveTurnBack();
        }
    }

    private Task Steps() => Task.WhenAll(_restored, _resumed, _ready ?? Task.CompletedTask);

    private void Live()
    {
        // It outlives whoever began it, and so is no part of their trace.
        using (ExecutionContext.SuppressFlow())
        {
            _ = Task.Run(LiveAsync, CancellationToken.None);
        }
    }
}
