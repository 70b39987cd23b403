using Templating.Core.Machines;

namespace Templating.Testing.Fakes;

/// <summary>One that waits for its memory, of <see cref="FakeVmm"/>.</summary>
public sealed class FakeBlankVm(FakeVmm vmm, BlankRequest blank, VmProcessId process) : IBlankVm
{
    private readonly TaskCompletionSource _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly int _build = vmm.Build;

    public BlankRequest Request => blank;

    public VmProcessId Process => process;

    public Task Exited => _exited.Task;

    public bool IsCurrent => _build == vmm.Build;

    /// <summary>What became of it; null while it waits, and where it was ended instead.</summary>
    public FakeVm? Bound { get; private set; }

    /// <summary>Whether a kill ends it: else it hangs in the kernel.</summary>
    public bool DiesOfKill { get; set; } = true;

    public async Task<IVm> BindAsync(PrepareRequest request, CancellationToken cancellationToken)
    {
        await vmm.OnStep("bind", null, cancellationToken);
        Bound = vmm.Start(request.Folder, VmRunState.Prepared, request.StatePath, process);
        return Bound;
    }

    public void Kill()
    {
        if (DiesOfKill)
        {
            Die();
        }
    }

    /// <summary>It ends by itself.</summary>
    public void Die() => _exited.TrySetResult();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
