using Templating.Core.Errors;
using Templating.Core.Machines;

namespace Templating.Core.Vms;

/// <summary>How a life ends, or is let go.</summary>
internal sealed partial class VmLife
{
    /// <summary>For a step to notice that the process it speaks to is gone.</summary>
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(5);

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

    /// <summary>Waits for what makes an end to it, ends it, and tells when it is gone: the one place of that.</summary>
    private async Task LiveAsync()
    {
        await _restored.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        VmExit? exit = null;
        if (_vm is { } vm)
        {
            await Task.WhenAny(vm.Exited, _over.Task);
            lock (_lock)
            {
                // Whoever goes on with it has begun to, and is waited for below, or sees this.
                _over.TrySetResult();
            }

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
