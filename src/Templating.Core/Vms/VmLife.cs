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
internal sealed class VmLife
{
    /// <summary>For a step to notice that the process it speaks to is gone.</summary>
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(5);

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

    /// <summary>Tells of what was plugged; its state stays.</summary>
    public void Tell(Func<VmView, VmView> change) => _status.TryChange(view => change(view) with { State = view.State });

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

    /// <summary>Takes over one that another process began and that rests: its start has the VM.</summary>
    public void Rest()
    {
        lock (_lock)
        {
            _vm = _start!.Vm;
            Live();
        }
    }

    /// <summary>Makes one that rests another owner's.</summary>
    /// <param name="name">What that calls it.</param>
    /// <param name="adopt">From its view to one of that owner's kind.</param>
    /// <param name="changed">Told of each change from now on; must not wait.</param>
    /// <param name="clock">Of what the new owner waits for.</param>
    /// <returns>False where it has ended, or its end has begun.</returns>
    public bool TryHandOver(string name, Func<VmView, VmView> adopt, Action<VmView> changed, Diagnostics.PhaseClock clock)
    {
        lock (_lock)
        {
            if (_ready is not null || _over.Task.IsCompleted || !_status.TryHandOver(adopt, changed))
            {
                return false;
            }

            _name = name;
            _start!.HandOver(clock);
            return true;
        }
    }

    /// <summary>Makes one that rests ready, once. Its end and that of its steps are told as of one that was begun so.</summary>
    public void GoOnFromRest(Activation activation)
    {
        lock (_lock)
        {
            if (View.State == VmState.Prepared)
            {
                _restored = Task.Run(() => StepAsync(_start!.RestoreAsync), CancellationToken.None);
            }

            if (!GoOn(activation))
            {
                // It has ended since it was handed over, and that is what its owner is told.
                _resumed = Task.FromException(new TemplatingException(ErrorCode.QemuExited, $"{_name} ended while it waited: {View.StateReason}"));
                _ready = FailedAsync(_resumed);
            }
        }

        async Task<VmView> FailedAsync(Task failed)
        {
            await failed;
            return View;
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

    /// <summary>Changes what its owner tells of it beside its state; false where it has ended.</summary>
    public bool TryTell(Func<VmView, VmView> change) => _status.TryChange(view => change(view) with { State = view.State });

    /// <exception cref="TemplatingException">IllegalState.</exception>
    public IVm Require(VmOperation operation)
    {
        VmOperations.Require(operation, View, _name);
        return _vm ?? throw new TemplatingException(ErrorCode.IllegalState, $"{_name} has just ended.");
    }

    public TemplatingException Illegal(VmOperation operation) => VmOperations.Illegal(operation, View, _name);

    /// <summary>
    /// Ends it, whatever is under way: a start is broken off; a guest that runs is asked to power off and killed when it has not
    /// done so within <paramref name="grace"/> (zero: it is not asked). Another call can make it shorter, never longer. Its end is told
    /// with the first call's <paramref name="why"/>.
    /// </summary>
    /// <returns><see cref="Ended"/>.</returns>
    public async Task<VmEnd?> EndAsync(TimeSpan grace, string? why = null)
    {
        // Paused at the frozen moment, or not even there: it cannot hear the power button, and there is nothing in it to be lost.
        var untouched = View.State is VmState.Prepared or VmState.Restored;
        grace = untouched ? TimeSpan.Zero : grace;
        var urgency = _wish.Add(new EndRequest(grace, untouched, why));
        _over.TrySetResult();
        if (urgency == Urgency.Sooner)
        {
            _impatient.CancelAfter(grace);
        }
        else if (urgency == Urgency.New && grace == TimeSpan.Zero)
        {
            await _abandoned.CancelAsync();
        }

        return await Ended;
    }

    /// <summary>
    /// Lets go of the VM, which lives on without this process. A step that is under way may end until
    /// <paramref name="abandon"/>; it is broken off then, and the VM is left to whoever looks for it next.
    /// </summary>
    public async Task LetGoAsync(CancellationToken abandon)
    {
        await Steps().WaitAsync(abandon).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_lock)
        {
            _letGo = _failure is null && _wish.Request is not { Grace.Ticks: 0 };
        }

        await _impatient.CancelAsync();
        await _abandoned.CancelAsync();
        _over.TrySetResult();
        await Ended;
    }

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
            ExceptionDispatchInfo.Throw(e is not OperationCanceledException ? e
                : _wish.Request is { } asked ? new TemplatingException(ErrorCode.IllegalState, $"{_name} was told to end while it started{(asked.Why is { } why ? $" ({why})" : "")}.", e)
                : _letGo ? new TemplatingException(ErrorCode.ShuttingDown, $"{_name} was not ready when the node stopped.", e)
                : new TemplatingException(ErrorCode.QemuExited, $"{_name} ended while it started.", e));
        }
    }

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

    /// <summary>Waits for what makes an end to it, ends it, and tells when it is gone: the one place of that.</summary>
    private async Task LiveAsync()
    {
        await _restored.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        VmExit? exit = null;
        if (_vm is { } vm)
        {
            await Task.WhenAny(vm.Exited, _over.Task);
            _over.TrySetResult();
            exit = await EndProcessAsync(vm);
            // A step under way tells more of the end than the process does: which step it was, and what the guest printed last.
            _abandoned.CancelAfter(LastWords);
            await Steps().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Printed = vm.Console.ReadTail();
            await vm.DisposeAsync();
            _vm = null;
        }

        await Steps().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _start?.GiveTurnBack();
        if (_letGo)
        {
            _ended.SetResult(null);
            return;
        }

        _holdings.Dispose();
        var end = VmEnd.Of(exit, _failure, _wish.Request).Counted(exit, _failure);
        _status.TryChange(v => v with { State = end.State, StateReason = end.Reason, Failure = end.Failure, Phases = _start?.Clock.Phases ?? v.Phases, Pid = 0, ChargedBytes = 0 });
        _ended.SetResult(end);
    }

    /// <returns>Null where it was let go.</returns>
    private async Task<VmExit?> EndProcessAsync(IVm vm)
    {
        if (_letGo)
        {
            return null;
        }

        if (_wish.Request is { } request && request.Grace > TimeSpan.Zero && _failure is null)
        {
            try
            {
                return await vm.StopAsync(request.Grace, _impatient.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or TemplatingException or IOException)
            {
                // Somebody wants it gone now, or lets it go, or it cannot be asked.
            }
        }

        return _letGo ? null : await vm.KillAsync();
    }
}
