using System.Diagnostics.CodeAnalysis;
using Templating.Core.Errors;
using Templating.Core.Machines;

namespace Templating.Core.Vms;

/// <summary>
/// A VM that another process began and that has not answered this one yet: it hangs, or is slow. It is asked until it answers, and is
/// an ordinary one from then on. What needs no answer works before: it can be ended, and let go.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "What it holds is disposed with the VM it stands for.")]
internal sealed class LateVm : IVm
{
    private readonly Lock _lock = new();
    private readonly Func<CancellationToken, Task> _kill;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _asking;
    private readonly CancellationTokenSource _leaving = new();
    private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<VmExit> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IVm? _vm;
    private bool _killed;

    /// <param name="process">Its process.</param>
    /// <param name="answer">Done when it answers: with null where there is no such VM; failed where it is none of ours.</param>
    /// <param name="asking">Cancelled when nobody asks any more.</param>
    /// <param name="kill">Ends its process without its help; done when that is gone.</param>
    /// <param name="time">For graces.</param>
    public LateVm(VmProcessId process, Task<IVm?> answer, CancellationTokenSource asking, Func<CancellationToken, Task> kill, TimeProvider time)
    {
        (Process, _asking, _kill, _time) = (process, asking, kill, time);
        _ = Task.Run(() => LiveAsync(answer), CancellationToken.None);
    }

    public VmProcessId Process { get; }

    /// <summary>Done when it answers, if it ever does.</summary>
    public Task Answered => _answered.Task;

    public Task<VmExit> Exited => _exited.Task;

    public IGuest Guest => Vm.Guest;

    /// <summary>Of one that never answered nothing was ever read.</summary>
    public IConsole Console => Volatile.Read(ref _vm)?.Console ?? new EndedConsole([]);

    public IVmDevices Devices => Vm.Devices;

    private IVm Vm => Volatile.Read(ref _vm)
        ?? throw new TemplatingException(ErrorCode.QmpFailed, "Its QEMU has not answered since the daemon began.");

    public Task RestoreAsync(CancellationToken cancellationToken) => Vm.RestoreAsync(cancellationToken);

    public Task ResumeAsync(CancellationToken cancellationToken) => Vm.ResumeAsync(cancellationToken);

    public Task PauseAsync(CancellationToken cancellationToken) => Vm.PauseAsync(cancellationToken);

    public Task<VmRunState> QueryStateAsync(CancellationToken cancellationToken) => Vm.QueryStateAsync(cancellationToken);

    public Task FreezeAsync(CancellationToken cancellationToken) => Vm.FreezeAsync(cancellationToken);

    public Task<IReadOnlyList<PortForward>> QueryForwardsAsync(CancellationToken cancellationToken) => Vm.QueryForwardsAsync(cancellationToken);

    public Task AddForwardAsync(PortForward forward, CancellationToken cancellationToken) => Vm.AddForwardAsync(forward, cancellationToken);

    public IReadOnlyList<IReadOnlyList<FileRange>> ReadUsedPages() => Vm.ReadUsedPages();

    public Task<VmMemory> ReadMemoryAsync(CancellationToken cancellationToken) => Vm.ReadMemoryAsync(cancellationToken);

    /// <summary>It may answer within the grace; then what is left of that is its guest's.</summary>
    public async Task<VmExit> StopAsync(TimeSpan grace, CancellationToken cancellationToken)
    {
        var since = _time.GetTimestamp();
        try
        {
            await Task.WhenAny(Answered, Exited).WaitAsync(grace, _time, cancellationToken);
        }
        catch (TimeoutException)
        {
            return await KillAsync();
        }

        var left = grace - _time.GetElapsedTime(since);
        return Volatile.Read(ref _vm) is { } vm ? await vm.StopAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, cancellationToken) : await Exited;
    }

    public async Task<VmExit> KillAsync()
    {
        IVm? vm;
        lock (_lock)
        {
            (_killed, vm) = (true, _vm);
        }

        await (vm?.KillAsync() ?? _asking.CancelAsync());
        return await Exited;
    }

    public async ValueTask DisposeAsync()
    {
        await _leaving.CancelAsync();
        await _asking.CancelAsync();
        await (Volatile.Read(ref _vm)?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever it answers instead, it is the reason of its end.")]
    private async Task LiveAsync(Task<IVm?> answer)
    {
        var reason = "its QEMU ended while no daemon was running";
        try
        {
            // Not the answer alone: parts of asking block where a process hangs in the kernel.
            if (await answer.WaitAsync(_asking.Token) is { } vm)
            {
                _exited.SetResult(await LiveAsync(vm));
                return;
            }
        }
        catch (OperationCanceledException) when (_asking.IsCancellationRequested)
        {
            DisposeLater(answer);
            reason = "killed by the daemon; its QEMU did not answer";
        }
        catch (Exception e)
        {
            reason = e.Message;
        }

        try
        {
            _leaving.Token.ThrowIfCancellationRequested();
            await _kill(_leaving.Token);
            _exited.SetResult(new VmExit(null, null, reason, GuestRequested: false, StandardError: ""));
        }
        catch (OperationCanceledException)
        {
            // Let go: it is the next one's to ask.
        }
    }

    private async Task<VmExit> LiveAsync(IVm vm)
    {
        bool isToEnd;
        lock (_lock)
        {
            _vm = vm;
            isToEnd = _killed;
        }

        _answered.SetResult();
        return isToEnd ? await vm.KillAsync() : await vm.Exited;
    }

    private static void DisposeLater(Task<IVm?> answer) => _ = answer.ContinueWith(
        async task => await ((await task)?.DisposeAsync() ?? ValueTask.CompletedTask),
        CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
}
