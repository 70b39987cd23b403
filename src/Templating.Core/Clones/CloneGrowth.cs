using Templating.Contract;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Pools;
using Templating.Core.Store;
using Templating.Core.Vms;

namespace Templating.Core.Clones;

/// <summary>
/// More RAM and vCPUs for a clone that runs, up to the most of its template. RAM is charged to the node before it is plugged; CPUs the node does
/// not count. A change that has begun is carried out, also when its caller goes away.
/// </summary>
internal sealed class CloneGrowth(TemplateStore store, PoolRoom room)
{
    /// <summary>In which Linux takes RAM: a section of its memory map on x86-64 (SECTION_SIZE_BITS, arch/x86/include/asm/sparsemem.h).</summary>
    private const long Step = 128 * MachineSpec.MiB;

    public async Task<CloneView> ResizeAsync(Clone clone, CloneSize size, CancellationToken cancellationToken)
    {
        var life = clone.Life;
        await life.PlugTurn.WaitAsync(cancellationToken);
        try
        {
            var vm = life.Require(VmOperation.Plug);
            var machine = MachineOf(clone);
            var memory = clone.View.MemoryBytes ?? machine.MemoryBytes;
            var vcpus = clone.View.Vcpus ?? machine.Vcpus;
            if (!machine.Sandbox)
            {
                throw new TemplatingException(ErrorCode.IllegalState, $"{clone.Name} cannot grow: its template is no sandbox. Make one with sandbox: true.");
            }

            Check(machine, new CloneSize(vcpus, memory), size);
            if (size.MemoryBytes > memory)
            {
                await ChargeAsync(clone, size.MemoryBytes.Value - memory, cancellationToken);
                await PlugMemoryAsync(life, vm, memory, size.MemoryBytes.Value - memory);
            }

            if (size.Vcpus > vcpus)
            {
                await vm.Devices.PlugCpusAsync(size.Vcpus.Value, CancellationToken.None);
                life.Tell(view => (CloneView)view with { Vcpus = size.Vcpus });
            }

            await GuestGrowth.WaitOnlineAsync(vm.Guest, size);
            return clone.View;
        }
        finally
        {
            life.PlugTurn.Release();
        }
    }

    private Task ChargeAsync(Clone clone, long more, CancellationToken cancellationToken) =>
        clone.Life.Charge is { } charge ? room.GrowAsync(charge, clone.Name.Tenant, more, cancellationToken) : Task.CompletedTask;

    /// <summary>What is charged for already.</summary>
    private static async Task PlugMemoryAsync(VmLife life, IVm vm, long before, long more)
    {
        try
        {
            // Written down before it is so: the next daemon rather counts too much than too little.
            TellCharge(life);
            await vm.Devices.PlugMemoryAsync(more, CancellationToken.None);
        }
        catch
        {
            life.Charge?.Shrink(more);
            TellCharge(life);
            throw;
        }

        life.Tell(view => (CloneView)view with { MemoryBytes = before + more, MemoryPlugs = (((CloneView)view).MemoryPlugs ?? 0) + 1 });
    }

    private static void TellCharge(VmLife life) => life.Tell(view => view with { ChargedBytes = life.Charge?.Bytes ?? view.ChargedBytes });

    private static void Check(ResolvedMachine machine, CloneSize has, CloneSize wanted)
    {
        var faults = new Faults();
        if (wanted.MemoryBytes is { } bytes)
        {
            var most = machine.MaxMemoryBytes ?? machine.MemoryBytes;
            faults.Require(
                bytes >= has.MemoryBytes && bytes <= most, "memory_bytes",
                $"{bytes} is not allowed: it has {has.MemoryBytes}, which cannot be taken away again, and its template's max_memory_bytes is {most}.");
            faults.Require(
                (bytes - has.MemoryBytes) % Step == 0, "memory_bytes",
                $"It has {has.MemoryBytes}, and {bytes} is not that and a multiple of 128 MiB ({Step}), in which Linux takes memory.");
        }

        if (wanted.Vcpus is { } vcpus)
        {
            var most = machine.MaxVcpus ?? machine.Vcpus;
            faults.Require(
                vcpus >= has.Vcpus && vcpus <= most, "vcpus",
                $"{vcpus} is not allowed: it has {has.Vcpus}, which cannot be taken away again, and its template's max_vcpus is {most}.");
        }

        faults.ThrowIfAny();
    }

    private ResolvedMachine MachineOf(Clone clone) => store.Find(clone.View.Template.Template, clone.View.Template.Revision)?.Manifest.Machine
        ?? throw new TemplatingException(ErrorCode.TemplateCorrupt, $"{clone.View.Template} cannot be read, so what {clone.Name} may grow to is not known.");
}
