using Templating.Contract;
using Templating.Core.Diagnostics;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Pools;
using Templating.Core.Vms;

namespace Templating.Core.Clones;

/// <summary>
/// Begins clones: from VMs that waited for them, and where none does, cold. One that waited may end or fall silent at whatever moment. Until its CPUs
/// run nobody has been told anything by it, neither its guest nor a caller: its clone goes on from the next one, and at last cold.
/// </summary>
internal sealed class CloneStarts(VmParts parts, CloneTable table, CloneFactory factory, CloneAdmission admission, PoolManager pools, CloneOptions options)
{
    /// <summary>Admits one, enters it into the table and begins it, or goes on with a VM that waited for it.</summary>
    /// <exception cref="TemplatingException">It is not admitted; then nothing is held and nothing was begun.</exception>
    public async Task<Clone> BeginAsync(CreateClone request, string digest, CancellationToken cancellationToken)
    {
        var clock = new PhaseClock(parts.Time, "clone", (phase, took, ok) => parts.Metrics.ClonePhase(VmOwner.Clone, phase, took, ok));
        var admitted = await admission.JudgeAsync(request, cancellationToken);
        try
        {
            var (clone, view) = factory.Make(admitted, request, digest, clock);
            var start = new Start(clone, view, admitted, request);
            var wish = FindWish(start);
            if (wish is not null)
            {
                // Before one is spent on it.
                table.RequireFree(admitted.Name);
                if (await TakeAsync(start, wish) is { } taken)
                {
                    clone.Running = GoOnAsync(start, wish, taken, cancellationToken);
                    return clone;
                }
            }

            await BeginColdAsync(start, cancellationToken);
            if (wish is not null)
            {
                // Only now: what is refused, for want of room, was no demand.
                pools.Taker.Count(wish, taken: null);
            }

            clone.Running = clone.Life.Resumed;
            admitted.Dispose();
            return clone;
        }
        catch
        {
            admitted.Dispose();
            throw;
        }
    }

    /// <summary>Null where no VM that waits can become it. What cannot be cloned is refused in the words in which one that starts cold is.</summary>
    private PoolWish? FindWish(Start start)
    {
        var wish = new PoolWish(start.Admitted.Source.Name, start.Admitted.Network, start.Request.Cgroups);
        return wish.IsServable(start.Admitted.Source.Manifest.Spec.Network) && !admission.IsCorrupt(start.Admitted) ? wish : null;
    }

    /// <summary>Until the CPUs of one run that it took, or that it starts.</summary>
    private async Task GoOnAsync(Start start, PoolWish wish, WaitingVm taken, CancellationToken cancellationToken)
    {
        var (clone, since) = (start.Clone, parts.Time.Steady());
        using var lease = start.Admitted;
        while (!await TryRunAsync(start, wish, taken))
        {
            await PassOverAsync(clone, cancellationToken);
            if (parts.Time.Steady() - since < pools.Taker.Patience && await TakeAsync(start, wish) is { } next)
            {
                taken = next;
                continue;
            }

            await BeginColdAsync(start, cancellationToken);
            pools.Taker.Count(wish, taken: null);
            await clone.Life.Resumed;
            return;
        }
    }

    /// <returns>False where it came to nothing by no fault of the request's.</returns>
    private async Task<bool> TryRunAsync(Start start, PoolWish wish, WaitingVm taken)
    {
        var clone = start.Clone;
        clone.Life.GoOnFromRest(
            new Activation(start.Admitted.Name.Id, start.Request, start.Admitted.Network.Forwards), pools.Taker.RequireAnswerAsync(taken));
        EndIfOver(clone);
        try
        {
            await clone.Life.Resumed;
            pools.Taker.Count(wish, taken);
            return true;
        }
        catch (TemplatingException e) when (
            e.Code is (ErrorCode.QemuExited or ErrorCode.QemuRefused or ErrorCode.QmpFailed) && !clone.IsBeingRemoved && clone.Lifetime.Over is null)
        {
            pools.Taker.Lose(taken, e.Message);
            return false;
        }
    }

    /// <summary>What it held is another one's to have, but for what hangs in the kernel.</summary>
    private async Task PassOverAsync(Clone clone, CancellationToken cancellationToken)
    {
        var gone = table.DropAsync(clone.Name, clone.Life, clone.Folder);
        clone.Background = Task.WhenAll(clone.Background, gone);
        await gone.WaitAsync(options.PassOverLimit, parts.Time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <returns>Null where none waits.</returns>
    private async Task<WaitingVm?> TakeAsync(Start start, PoolWish wish)
    {
        if (!pools.Taker.HasOne(wish))
        {
            return null;
        }

        CloneView? resting = null;
        var taken = await start.Clone.Clock!.RunAsync(
            "take", () => Task.FromResult(pools.Taker.Take(wish, vm => TryHandOver(start, vm, out resting))));
        if (taken is null)
        {
            return null;
        }

        try
        {
            Enter(start, taken.Life, taken.Folder, resting);
        }
        catch (TemplatingException)
        {
            // Nobody knows of this VM, and so it is ended here.
            await table.DropAsync(start.Admitted.Name, taken.Life, taken.Folder);
            throw;
        }

        start.Clone.IsWarm = true;
        return taken;
    }

    private bool TryHandOver(Start start, WaitingVm vm, out CloneView? resting)
    {
        CloneView? handed = null;
        var ok = vm.Life.TryHandOver(
            start.Admitted.Name.ToString(),
            waited => handed = start.Clone.Lifetime.Show(start.View) with
            {
                State = waited.State,
                Generation = waited.Generation,
                Network = waited.Network,
                Pid = waited.Pid,
                ChargedBytes = waited.ChargedBytes,
            },
            changed =>
            {
                if (start.Clone.IsNews(vm.Life, changed))
                {
                    table.Changed(start.Clone, (CloneView)changed);
                }
            },
            start.Clone.Clock!);
        resting = handed;
        return ok;
    }

    private async Task BeginColdAsync(Start start, CancellationToken cancellationToken)
    {
        var clone = start.Clone;
        var birth = await admission.ChargeAsync(start.Admitted, start.Request, cancellationToken);
        var view = clone.Lifetime.Show(start.View) with { ChargedBytes = birth.Holdings.Charge!.Bytes };
        var status = factory.StatusOf(clone, view);
        var life = new VmLife(
            birth.Name, birth.Holdings, status,
            new VmStart(parts.Vmm, birth with { Turns = pools.Starts, Blanks = parts.Blanks, FirstPages = parts.FirstPages }, status, clone.Clock!, parts.Time), parts.Time);
        try
        {
            Enter(start, life, birth.Folder, resting: null);
        }
        catch (TemplatingException)
        {
            birth.Holdings.Dispose();
            throw;
        }

        clone.IsWarm = false;
        life.Begin(new Activation(view.Id, start.Request, []));
        EndIfOver(clone);
    }

    /// <exception cref="TemplatingException">Another one of its id came first, or its end has begun: that VM is not its, then.</exception>
    private void Enter(Start start, VmLife life, VmFolder folder, CloneView? resting)
    {
        var (clone, isNew) = (start.Clone, start.Clone.Life is null);
        if (clone.Lifetime.Over is not null || !clone.TryBe(life, folder, resting))
        {
            throw new TemplatingException(ErrorCode.IllegalState, $"{start.Admitted.Name} was told to end while it started.");
        }

        if (isNew)
        {
            table.Add(clone);
        }
    }

    /// <summary>Whoever ended it at that moment may have ended the VM that it was before.</summary>
    private static void EndIfOver(Clone clone)
    {
        if (clone.Lifetime.Over is { } limit)
        {
            _ = clone.Life.EndAsync(TimeSpan.Zero, CloneExpiry.Reasons[limit]);
        }
    }

    private sealed class Start(Clone clone, CloneView view, Admitted admitted, CreateClone request)
    {
        public Clone Clone => clone;

        /// <summary>What is told of it first.</summary>
        public CloneView View => view;

        public Admitted Admitted => admitted;

        public CreateClone Request => request;
    }
}
