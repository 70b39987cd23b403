using System.Diagnostics.CodeAnalysis;

namespace Templating.Core.Vms;

/// <summary>Stops a VM's CPUs and lets them run again, one change at a time.</summary>
/// <param name="status">Of the VM.</param>
/// <param name="abandoned">When it ends, nobody waits here any more.</param>
[SuppressMessage("Design", "CA1001", Justification = "It holds nothing but memory.")]
internal sealed class CpuSwitch(VmStatus status, CancellationToken abandoned)
{
    private readonly SemaphoreSlim _gate = new(1, 1);

    /// <summary>Does nothing where they are as asked already.</summary>
    /// <exception cref="Errors.TemplatingException">IllegalState: before, or because it ended meanwhile.</exception>
    public async Task<VmView> SwitchAsync(VmLife life, VmOperation operation, CancellationToken cancellationToken)
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
}
