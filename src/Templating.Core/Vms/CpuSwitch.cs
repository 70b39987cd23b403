using System.Diagnostics.CodeAnalysis;
using Templating.Core.Errors;
using Templating.Core.Machines;

namespace Templating.Core.Vms;

/// <summary>Stops a VM's CPUs and lets them run again, one change at a time, and looks whether they do.</summary>
/// <param name="life">Of the VM.</param>
/// <param name="status">Its state.</param>
/// <param name="time">For limits.</param>
/// <param name="abandoned">When it ends, nobody waits here any more.</param>
[SuppressMessage("Design", "CA1001", Justification = "It holds nothing but memory.")]
internal sealed class CpuSwitch(VmLife life, VmStatus status, TimeProvider time, CancellationToken abandoned)
{
    private readonly SemaphoreSlim _gate = new(1, 1);

    /// <summary>One that hangs is asked once, and may answer when it goes on.</summary>
    private Task<VmRunState>? _question;

    /// <summary>Pause or Resume. Does nothing where they are as asked already.</summary>
    /// <exception cref="TemplatingException">IllegalState: before, or because it ended meanwhile.</exception>
    public async Task<VmView> SwitchAsync(VmOperation operation, CancellationToken cancellationToken)
    {
        var target = operation == VmOperation.Pause ? VmState.Paused : VmState.Running;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, abandoned);
        try
        {
            await _gate.WaitAsync(either.Token);
            try
            {
                var vm = life.Require(operation);
                if (status.View.State != target)
                {
                    await (target == VmState.Paused ? vm.PauseAsync(either.Token) : vm.ResumeAsync(either.Token));
                    if (!status.TryChange(v => v with { State = target }))
                    {
                        throw life.Illegal(operation);
                    }
                }

                return status.View;
            }
            finally
            {
                _gate.Release();
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw life.Illegal(operation);
        }
    }

    /// <summary>
    /// Asks the VM whether its CPUs run, and says of it what it answers: others than this daemon may have stopped them, and one that
    /// hangs does not answer at all. Before its CPUs have run there is nothing to look at.
    /// </summary>
    public async Task LookAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, abandoned);
        try
        {
            await _gate.WaitAsync(either.Token);
            try
            {
                if (IsLookedAt(status.View.State) && life.Vm is { } vm)
                {
                    var (state, reason) = await AskAsync(_question ??= vm.QueryStateAsync(abandoned), limit, either.Token);
                    status.TryChange(v => !IsLookedAt(v.State) || (v.State == state && v.StateReason == reason) ? v : v with { State = state, StateReason = reason });
                }
            }
            finally
            {
                _gate.Release();
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // It ends.
        }
        catch (TemplatingException e) when (e.Code == ErrorCode.QemuExited)
        {
            // Its end is told by its life.
        }
    }

    private static bool IsLookedAt(VmState state) => state is VmState.Running or VmState.Paused or VmState.NotAnswering;

    private async Task<(VmState State, string Reason)> AskAsync(Task<VmRunState> question, TimeSpan limit, CancellationToken cancellationToken)
    {
        try
        {
            return (await question.WaitAsync(limit, time, cancellationToken) == VmRunState.Running ? VmState.Running : VmState.Paused, "");
        }
        catch (TimeoutException)
        {
            return (VmState.NotAnswering, $"Its QEMU has not answered for {limit.TotalSeconds:0.###} s or more.");
        }
        catch (TemplatingException e) when (e.Code == ErrorCode.QmpFailed)
        {
            return (VmState.NotAnswering, e.Message);
        }
        finally
        {
            _question = question.IsCompleted ? null : _question;
        }
    }
}
