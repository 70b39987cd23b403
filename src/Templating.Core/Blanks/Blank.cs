using Templating.Core.Capacity;
using Templating.Core.Linux;
using Templating.Core.Machines;
using Templating.Core.Vms;

namespace Templating.Core.Blanks;

/// <summary>One VM that waits, with what it holds of the node.</summary>
internal sealed class Blank(
    IBlankVm vm, BlankShape shape, VmFolder folder, Guid generation, RentedUser? user, IDisposable charge, Action<Blank, Exception> failed)
    : ITakenBlank
{
    public BlankShape Shape => shape;

    public Guid Generation => generation;

    public RentedUser? User => user;

    public VmProcessId Process => vm.Process;

    public Task Exited => vm.Exited;

    public bool IsUsable => !vm.Exited.IsCompleted && vm.IsCurrent;

    /// <summary>Its memory is no longer nobody's: who takes it has been charged for a VM of its own.</summary>
    public void GiveBackCharge() => charge.Dispose();

    public async Task<IVm> BindAsync(PrepareRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await vm.BindAsync(request, cancellationToken);
        }
        catch (Exception e)
        {
            failed(this, e);
            throw;
        }
    }

    /// <summary>Its end; done when it is gone and all it held is given back. One that hangs in the kernel keeps its user.</summary>
    public async Task EndAsync()
    {
        vm.Kill();
        charge.Dispose();
        await vm.Exited;
        await vm.DisposeAsync();
        user?.Dispose();
        FileSystem.RemoveTree(folder.Path);
    }
}
