using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Templating.Core.Capacity;
using Templating.Core.Diagnostics;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Core.Machines;
using Templating.Core.Store;
using Templating.Core.Templates;
using Templating.Core.Vms;

namespace Templating.Core.Pools;

/// <summary>Starts VMs that wait, and sees them end: what one holds, from before it is begun until it is a clone's or gone.</summary>
internal sealed class PoolVms(
    VmParts parts, TemplateStore store, RevisionLeases leases, PoolTable table, FairTurns starts, PoolOptions options, Action wake, ILogger logger)
{
    /// <summary>Begins one. Within the lock.</summary>
    /// <exception cref="TemplatingException">There is no room for it, or its revision is being deleted: nothing is begun, and nothing held.</exception>
    public void Begin(Pool pool, Revision revision, WaitingKind kind)
    {
        var holdings = new VmHoldings { Lease = leases.Acquire(revision.Name) };
        try
        {
            holdings.Charge = parts.Capacity.Charge(pool.Name.Tenant, revision.Manifest.Machine.MemoryBytes);
        }
        catch
        {
            holdings.Dispose();
            throw;
        }

        var clock = new PhaseClock(parts.Time, "pool", (_, _, _) => { });
        var view = new VmView
        {
            State = VmState.Prepared,
            Generation = Guid.NewGuid(),
            Network = revision.Manifest.Spec.Network with { Forwards = [] },
            ChargedBytes = holdings.Charge.Bytes,
        };
        var vm = Make(pool, revision, kind, view, holdings, VmFolder.NewIn(options.VmsFolder), adopted: null, clock);
        if (kind == WaitingKind.Restored)
        {
            vm.Life.Begin(activation: null);
        }
        else
        {
            vm.Life.Prepare();
        }

        Follow(pool, vm, FinishAsync(pool, vm, clock));
    }

    /// <summary>Goes on with one that a daemon before this one began. Within the lock.</summary>
    public void Adopt(Pool pool, Revision revision, WaitingRecord record, VmFolder folder, VmHoldings holdings, IVm machine)
    {
        var view = new VmView
        {
            State = record.Kind == WaitingKind.Restored ? VmState.Restored : VmState.Prepared,
            Generation = record.Generation,
            Network = new NetworkSpec(record.Outbound, []),
            Pid = machine.Process.Pid,
            ChargedBytes = record.ChargedBytes,
        };
        var clock = new PhaseClock(parts.Time, "pool", (_, _, _) => { });
        var vm = Make(pool, revision, record.Kind, view, holdings, folder, machine, clock);
        (vm.Since, vm.Custody) = (record.Since, Custody.Waiting);
        vm.Life.Rest();
        Follow(pool, vm, Task.CompletedTask);
    }

    /// <summary>Ends it; nobody waits for that here. Within the lock.</summary>
    public void End(WaitingVm vm, string why)
    {
        if (vm.Custody is not (Custody.Given or Custody.Over))
        {
            vm.Custody = Custody.Over;
            logger.IsEnded(vm.Pool, why);
            _ = vm.Life.EndAsync(TimeSpan.Zero, why);
        }
    }

    /// <summary>Until they are gone, or a clone's.</summary>
    public static Task GoneAsync(IReadOnlyList<WaitingVm> vms, CancellationToken cancellationToken) =>
        Task.WhenAll(vms.Select(vm => vm.Background)).WaitAsync(cancellationToken);

    /// <summary>The same for who goes on without: a process may hang in the kernel.</summary>
    public async Task GoneInTimeAsync(IReadOnlyList<WaitingVm> vms, CancellationToken cancellationToken)
    {
        await GoneAsync(vms, CancellationToken.None).WaitAsync(options.EndLimit, parts.Time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Within the lock.</summary>
    public void Lose(Pool pool, string why)
    {
        pool.Failures++;
        pool.Backoff.Failed(why);
        logger.Failed(pool.Name, why, Math.Round(pool.Backoff.Left.TotalSeconds, 1));
    }

    /// <summary>Whether its QEMU is there and says that it is where it was left.</summary>
    public async Task<bool> AnswersAsync(WaitingVm vm, CancellationToken cancellationToken)
    {
        if (vm.Life.Vm is not { } machine)
        {
            return false;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            // Not by its token alone: what is asked may wait for the end of a process.
            var state = await machine.QueryStateAsync(limit.Token).WaitAsync(options.AnswerLimit, parts.Time, cancellationToken);
            return state == (vm.Kind == WaitingKind.Restored ? VmRunState.Paused : VmRunState.Prepared);
        }
        catch (Exception e) when (e is TimeoutException or TemplatingException or IOException)
        {
            return false;
        }
        finally
        {
            await limit.CancelAsync();
        }
    }

    private WaitingVm Make(
        Pool pool, Revision revision, WaitingKind kind, VmView view, VmHoldings holdings, VmFolder folder, IVm? adopted, PhaseClock clock)
    {
        var birth = new VmBirth
        {
            Name = $"a VM of {pool.Name}",
            Source = VmSource.Of(revision, store),
            Folder = folder,
            Holdings = holdings,
            Turns = starts,
            IsIdle = true,
            FirstPages = parts.FirstPages,
            Rent = _ => Task.FromResult(parts.Users?.Rent()),
        };
        var status = new VmStatus(view);
        var vm = new WaitingVm
        {
            Pool = pool.Name,
            Kind = kind,
            Revision = revision.Name,
            Folder = folder,
            Life = new VmLife(birth.Name, holdings, status, new VmStart(parts.Vmm, birth, status, clock, parts.Time) { Vm = adopted }, parts.Time),
            Agent = revision.Manifest.Agent,
            Outbound = view.Network.Outbound,
            TakesForwards = adopted is null,
            IsWorn = adopted is not null && revision.Manifest.Spec.Network.Forwards.Count > 0,
            Since = parts.Time.GetUtcNow(),
        };
        pool.Vms.Add(vm);
        return vm;
    }

    private void Follow(Pool pool, WaitingVm vm, Task finished)
    {
        // It outlives whoever began it, and so is no part of their trace.
        using (ExecutionContext.SuppressFlow())
        {
            vm.Background = Task.Run(() => FollowAsync(pool, vm, finished), CancellationToken.None);
        }
    }

    /// <summary>Until it waits, and the next daemon would know.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "Whatever failed is the pool's to tell, and it tries again.")]
    private async Task FinishAsync(Pool pool, WaitingVm vm, PhaseClock clock)
    {
        Exception? failure = null;
        try
        {
            await vm.Life.Restored;
            vm.Since = parts.Time.GetUtcNow();
            WaitingRecordFile.Write(vm.Folder.Path, Record(vm));
        }
        catch (Exception e)
        {
            failure = HostFailure.Explain(e);
        }

        lock (table.Lock)
        {
            if (vm.Custody == Custody.Starting && failure is not TemplatingException { Code: ErrorCode.ShuttingDown })
            {
                parts.Metrics.PoolRefill(TemplatingMetrics.PoolKinds[(int)vm.Kind], clock.Elapsed, ok: failure is null);
                if (failure is null)
                {
                    vm.Custody = Custody.Waiting;
                    logger.Waits(vm.Pool, vm.Revision.Revision, vm.Kind, clock.Elapsed.TotalMilliseconds);
                }
                else
                {
                    Lose(pool, failure.Message);
                    End(vm, failure.Message);
                }
            }

            table.Tell(pool);
        }

        wake();
    }

    private static WaitingRecord Record(WaitingVm vm) => new()
    {
        FormatVersion = WaitingRecord.CurrentVersion,
        Pool = vm.Pool,
        Revision = vm.Revision,
        Kind = vm.Kind,
        Process = vm.Life.Vm?.Process ?? throw new TemplatingException(ErrorCode.QemuExited, "It ended as soon as it waited."),
        User = vm.Life.User?.User,
        Generation = vm.Life.View.Generation,
        Outbound = vm.Outbound,
        Since = vm.Since,
        ChargedBytes = vm.Life.Charge!.Bytes,
    };

    /// <summary>Until it is gone. A clone that was given it does the rest itself.</summary>
    private async Task FollowAsync(Pool pool, WaitingVm vm, Task finished)
    {
        await finished;
        var end = await vm.Life.Ended;
        lock (table.Lock)
        {
            if (vm.Custody == Custody.Given || end is null)
            {
                return;
            }

            if (vm.Custody != Custody.Over)
            {
                parts.Metrics.PoolLost();
                Lose(pool, $"A VM ended while it waited: {end.Reason}");
                vm.Custody = Custody.Over;
            }
        }

        try
        {
            if (Directory.Exists(vm.Folder.Path))
            {
                FileSystem.RemoveTree(vm.Folder.Path);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            logger.CleanUpFailed(e, vm.Pool);
        }

        lock (table.Lock)
        {
            pool.Vms.Remove(vm);
            table.Tell(pool);
        }

        wake();
    }
}
