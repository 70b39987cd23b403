using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Core.Machines;
using Templating.Core.Store;
using Templating.Core.Templates;
using Templating.Core.Vms;

namespace Templating.Core.Pools;

/// <summary>
/// Takes over the VMs that waited for a daemon that is gone, into the pools they were of. Nothing of anybody's is in them: one that is silent,
/// or not where its record says, is ended, as what it could have been is started again.
/// </summary>
internal sealed class PoolRecovery(PoolTable table, PoolVms vms, VmParts parts, TemplateStore store, RevisionLeases leases, PoolOptions options, ILogger logger)
{
    /// <returns>The folders of those that wait on. All others are somebody else's, or nobody's.</returns>
    public async Task<IReadOnlyCollection<VmFolder>> RunAsync(CancellationToken cancellationToken)
    {
        FileSystem.MakeFolder(options.VmsFolder, FileSystem.OwnerOnlyFolder);
        var found = new List<Found>();
        foreach (var folder in LeftOvers.In(options.VmsFolder))
        {
            var record = WaitingRecordFile.Read(folder.Path, out var problem);
            if (problem.Length > 0)
            {
                logger.NotAdopted(folder.Path, problem);
            }
            else if (record is not null)
            {
                found.Add(new Found(folder, record));
            }
        }

        foreach (var vm in found)
        {
            // By itself: parts of it block, and /proc of a process that hangs in the kernel may not answer either.
            vm.Answer = Task.Run(() => AskAsync(vm, vm.Asking.Token), CancellationToken.None);
        }

        await Answers.WaitAsync(
            [.. found.Select(vm => vm.Answer)], options.AdoptionLimit, options.AdoptionLimit, options.AdoptionLimit, parts.Time, cancellationToken);
        var kept = new List<VmFolder>();
        foreach (var vm in found)
        {
            if (await TryAdoptAsync(vm) is { } problem)
            {
                logger.NotAdopted(vm.Folder.Path, problem);
            }
            else
            {
                kept.Add(vm.Folder);
            }
        }

        logger.Adopted(table.Snapshot().Count, kept.Count);
        return kept;
    }

    /// <summary>It answers, and is where its record says that it is.</summary>
    private async Task<IVm> AskAsync(Found vm, CancellationToken cancellationToken)
    {
        var machine = await parts.Vmm.AdoptAsync(vm.Folder, vm.Record.Process, cancellationToken)
            ?? throw new TemplatingException(ErrorCode.QemuExited, "Its QEMU is gone.");
        try
        {
            var state = await machine.QueryStateAsync(cancellationToken);
            return state == (vm.Record.Kind == WaitingKind.Restored ? VmRunState.Paused : VmRunState.Prepared)
                ? machine
                : throw new TemplatingException(ErrorCode.QmpFailed, $"It is {state}, and its record says {vm.Record.Kind}.");
        }
        catch
        {
            await machine.DisposeAsync();
            throw;
        }
    }

    /// <returns>Why it is not taken over; null where it is.</returns>
    [SuppressMessage("Design", "CA1031", Justification = "Whatever one VM does, the others are taken over; it is logged, and the VM is ended.")]
    private async Task<string?> TryAdoptAsync(Found vm)
    {
        if (!vm.Answer.IsCompleted)
        {
            await vm.Asking.CancelAsync();
            _ = vm.Answer.ContinueWith(
                async late => await (await late).DisposeAsync(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
            return "It does not answer.";
        }

        IVm machine;
        try
        {
            machine = await vm.Answer;
        }
        catch (Exception e)
        {
            return e.Message;
        }

        if (FindProblem(vm, machine) is { } problem)
        {
            await machine.DisposeAsync();
            return problem;
        }

        return null;
    }

    private string? FindProblem(Found vm, IVm machine)
    {
        lock (table.Lock)
        {
            if (table.Find(vm.Record.Pool) is not { } pool || !pool.Serves(vm.Record.Revision))
            {
                return $"There is no {vm.Record.Pool} of {vm.Record.Revision} any more.";
            }

            if (store.Find(vm.Record.Revision.Template, vm.Record.Revision.Revision) is not { } revision)
            {
                return $"There is no {vm.Record.Revision} any more.";
            }

            try
            {
                var holdings = new VmHoldings
                {
                    Lease = leases.Acquire(revision.Name),
                    Charge = parts.Capacity.ChargeAdopted(pool.Name.Tenant, vm.Record.ChargedBytes),
                    User = vm.Record.User is { } user ? parts.Users?.Reserve(user) : null,
                };
                machine.Guest.Expect(revision.Manifest.Agent);
                vms.Adopt(pool, revision, vm.Record, vm.Folder, holdings, machine);
                return null;
            }
            catch (TemplatingException e)
            {
                return e.Message;
            }
        }
    }

    private sealed class Found(VmFolder folder, WaitingRecord record)
    {
        public VmFolder Folder => folder;

        public WaitingRecord Record => record;

        /// <summary>Ends the asking.</summary>
        public CancellationTokenSource Asking { get; } = new();

        public Task<IVm> Answer { get; set; } = Task.FromException<IVm>(new InvalidOperationException("Nobody has asked it."));
    }
}
