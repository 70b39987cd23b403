using Templating.Contract;
using Templating.Core.Capacity;
using Templating.Core.Diagnostics;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Pools;
using Templating.Core.Vms;

namespace Templating.Core.Clones;

/// <summary>Puts clones together: each with a life of its own that tells the table of its changes.</summary>
internal sealed class CloneFactory(
    IVmm vmm, CloneTable table, CloneAdmission admission, FairTurns turns, PoolManager pools, IBlankVms? blanks,
    TemplatingMetrics metrics, TimeProvider time, TimeProvider boot)
{
    /// <summary>Admits one, enters it into the table and begins it, or goes on with a VM that waited for it.</summary>
    /// <exception cref="TemplatingException">It is not admitted; then nothing is held and nothing was begun.</exception>
    public async Task<Clone> BeginAsync(CreateClone request, string digest, CancellationToken cancellationToken)
    {
        var clock = new PhaseClock(time, "clone", (phase, took, ok) => metrics.ClonePhase(VmOwner.Clone, phase, took, ok));
        using var admitted = await admission.JudgeAsync(request, cancellationToken);
        return await TakeAsync(admitted, request, digest, clock, cancellationToken)
            ?? await BeginColdAsync(admitted, request, digest, clock, cancellationToken);
    }

    private async Task<Clone> BeginColdAsync(Admitted admitted, CreateClone request, string digest, PhaseClock clock, CancellationToken cancellationToken)
    {
        var birth = await admission.ChargeAsync(admitted, request, cancellationToken);
        var (clone, view) = Make(birth.Folder, admitted, request, digest, clock);
        view = view with { ChargedBytes = birth.Holdings.Charge!.Bytes };
        var status = StatusOf(clone, view);
        clone.Life = new VmLife(
            birth.Name, birth.Holdings, status, new VmStart(vmm, birth with { Turns = turns, Blanks = blanks }, status, clock, time), time);
        try
        {
            table.Add(clone);
        }
        catch (TemplatingException)
        {
            birth.Holdings.Dispose();
            throw;
        }

        clone.Life.Begin(new Activation(view.Id, request, []));
        return clone;
    }

    /// <summary>Null where no VM waits that it could become.</summary>
    private async Task<Clone?> TakeAsync(Admitted admitted, CreateClone request, string digest, PhaseClock clock, CancellationToken cancellationToken)
    {
        var wish = new PoolWish(admitted.Source.Name, admitted.Network, request.Cgroups);
        if (!wish.IsServable(admitted.Source.Manifest.Spec.Network) || admission.IsCorrupt(admitted))
        {
            // What cannot be cloned is refused in the words in which one that starts cold is.
            return null;
        }

        // Before one is spent on it.
        table.RequireFree(admitted.Name);
        Clone? clone = null;
        var taken = pools.Taker.HasOne(wish)
            ? await clock.RunAsync("take", () => pools.Taker.TakeAsync(wish, vm => TryAdopt(vm, admitted, request, digest, clock, out clone), cancellationToken))
            : null;
        pools.Taker.Count(wish, taken);
        if (taken is null)
        {
            return null;
        }

        try
        {
            table.Add(clone!);
        }
        catch (TemplatingException)
        {
            // Another one of its id came first. Nobody knows of this one, and so it is removed here.
            await clone!.Life.EndAsync(TimeSpan.Zero);
            Directory.Delete(clone.Folder.Path, recursive: true);
            throw;
        }

        clone!.Life.GoOnFromRest(new Activation(clone.Name.Id, request, admitted.Network.Forwards));
        return clone;
    }

    private bool TryAdopt(WaitingVm vm, Admitted admitted, CreateClone request, string digest, PhaseClock clock, out Clone made)
    {
        var (clone, view) = Make(vm.Folder, admitted, request, digest, clock);
        (made, clone.Life, clone.IsWarm) = (clone, vm.Life, true);
        return vm.Life.TryHandOver(
            admitted.Name.ToString(),
            waited => view with { Generation = waited.Generation, Network = waited.Network, Pid = waited.Pid, ChargedBytes = waited.ChargedBytes },
            changed => table.Changed(clone, (CloneView)changed), clock);
    }

    private (Clone Clone, CloneView View) Make(VmFolder folder, Admitted admitted, CreateClone request, string digest, PhaseClock clock)
    {
        var clone = new Clone
        {
            Folder = folder,
            Agent = admitted.Source.Manifest.Agent,
            Clock = clock,
            RequestId = request.RequestId,
            RequestDigest = digest,
            Lifetime = new CloneLifetime(boot, time),
        };
        clone.Lifetime.TryChange(request.Lifetime);
        return (clone, clone.Lifetime.Show(admission.View(admitted, request)));
    }

    /// <summary>Takes one over from a daemon before this one.</summary>
    /// <param name="record">What is written of it, in its present state.</param>
    /// <param name="folder">Where its sockets are.</param>
    /// <param name="vm">Null where it has ended.</param>
    /// <param name="holdings">What it holds of the node.</param>
    public Clone Adopt(CloneRecord record, VmFolder folder, IVm? vm, VmHoldings holdings)
    {
        var clone = new Clone
        {
            Folder = folder,
            Agent = record.Agent,
            RequestId = record.RequestId,
            RequestDigest = record.RequestDigest,
            Lifetime = new CloneLifetime(boot, time),
            WasOver = vm is null,
            IsTold = true,
            IsRecorded = true,
        };
        clone.Lifetime.Adopt(record);
        if (record.EndedAt is { } at)
        {
            clone.NoteEnd(time, at);
        }

        clone.Life = new VmLife(record.View.Name.ToString(), holdings, StatusOf(clone, record.View), start: null, time);
        if (vm is null)
        {
            clone.Life.AlreadyOver();
        }
        else
        {
            clone.Life.Adopt(vm);
        }

        table.Add(clone);
        return clone;
    }

    /// <summary>
    /// Tells of one whose VM is gone: nobody is to wonder where it went. Where its time was over, it was told to end, or was to be
    /// told now.
    /// </summary>
    public Clone AdoptLost(CloneRecord record, VmFolder folder)
    {
        var limit = record.Lifetime is { } end && end.EndsAt <= boot.Steady() ? CloneExpiry.Reasons[end.Limit] : null;
        return Adopt(
            record with
            {
                EndedAt = time.GetUtcNow(),
                View = record.View with
                {
                    State = limit is null ? VmState.Failed : VmState.Stopped,
                    StateReason = limit is null
                        ? "Its QEMU ended or stopped answering while no daemon was running."
                        : $"{limit}; its QEMU ended or stopped answering while no daemon was running",
                    Pid = 0,
                    ChargedBytes = 0,
                },
            },
            folder, vm: null, new VmHoldings());
    }

    private VmStatus StatusOf(Clone clone, CloneView first) => new(first, view => table.Changed(clone, (CloneView)view));
}
