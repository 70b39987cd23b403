using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Core.Machines;
using Templating.Core.Templates;
using Templating.Core.Vms;

namespace Templating.Core.Clones;

/// <summary>
/// Takes over the clones of a daemon that is gone. A clone whose process, monitor and record agree is adopted; one that
/// ended meanwhile is kept as Failed, so that nobody wonders where it went; one that was never ready is removed, because
/// its create call never returned it. A guest may have broken into any of these QEMUs: each is asked beside the others and
/// briefly, and one that is silent or answers nonsense is ended and costs nobody else anything.
/// </summary>
internal sealed class CloneRecovery(
    VmParts parts, CloneFactory factory, RevisionLeases leases, CloneOptions options, ILogger logger)
{
    /// <summary>Waiting costs nothing, so that many wait at once; a bound keeps the work of a crowd from making each of them late.</summary>
    private const int AtOnce = 256;

    public async Task<IReadOnlyList<Clone>> RunAsync(CancellationToken cancellationToken)
    {
        FileSystem.MakeFolder(options.ClonesFolder, FileSystem.OwnerOnlyFolder);
        var found = new List<Found>();
        var left = new List<LeftVm>();
        foreach (var folder in LeftOvers.In(options.ClonesFolder))
        {
            var record = CloneRecordFile.Read(folder.Path, out var problem);
            if (problem.Length > 0)
            {
                logger.RecordUnreadable(problem);
            }

            if (record is null || (record.EndedAt is null && (record.View.ReadyAt is null || record.Process is null)))
            {
                left.Add(new LeftVm(folder, record?.Process));
            }
            else
            {
                found.Add(new Found(folder, record));
            }
        }

        await Parallel.ForEachAsync(
            found.Where(f => f.Record.EndedAt is null),
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
            async (clone, token) => await AskAsync(clone, token));
        var (adopted, ended) = await EnterAsync(found, left);
        var lost = ended.Select(f => new LeftVm(f.Folder, f.Record.Process)).ToList();
        await LeftOvers.EndAsync(parts.Vmm, parts.Users, [.. left, .. lost], [.. lost.Select(l => l.Folder)], logger, cancellationToken);
        logger.Adopted(adopted.Count, ended.Count, left.Count);
        return [.. adopted, .. ended.Select(f => f.Clone!)];
    }

    /// <summary>Enters into the table what was found. Of two with the same name the one that lives is meant, else the one that lived last.</summary>
    private async Task<(List<Clone> Adopted, List<Found> Ended)> EnterAsync(List<Found> found, List<LeftVm> left)
    {
        var (adopted, ended, names) = (new List<Clone>(), new List<Found>(), new HashSet<CloneName>());
        foreach (var clone in found.OrderByDescending(f => f.Vm is not null).ThenByDescending(f => f.Record.View.ReadyAt))
        {
            if (!names.Add(clone.Record.View.Name))
            {
                logger.NameTwice(clone.Record.View.Name, clone.Folder.Path);
                await (clone.Vm?.DisposeAsync() ?? ValueTask.CompletedTask);
                left.Add(new LeftVm(clone.Folder, clone.Record.Process));
            }
            else if (clone is { Vm: { } vm } && Hold(clone.Record) is { } holdings)
            {
                adopted.Add(factory.Adopt(clone.Record with { View = clone.Record.View with { State = clone.State } }, clone.Folder, vm, holdings));
            }
            else
            {
                await (clone.Vm?.DisposeAsync() ?? ValueTask.CompletedTask);
                clone.Clone = clone.Record.EndedAt is null
                    ? factory.AdoptLost(clone.Record, clone.Folder)
                    : factory.Adopt(clone.Record, clone.Folder, vm: null, new VmHoldings());
                ended.Add(clone);
            }
        }

        return (adopted, ended);
    }

    private VmHoldings? Hold(CloneRecord record)
    {
        try
        {
            var lease = leases.Acquire(record.View.Template);
            return new VmHoldings
            {
                User = record.User is { } user ? parts.Users?.Reserve(user) : null,
                Charge = parts.Capacity.ChargeAdopted(record.View.Name.Tenant, record.View.ChargedBytes),
                Lease = lease,
            };
        }
        catch (TemplatingException e)
        {
            logger.NotTakenOver(record.View.Name, e.Message);
            return null;
        }
    }

    /// <summary>Sets the clone's VM where it answers as one of ours does, in time.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "Whatever one VM does, the others are taken over; it is logged, and the VM is ended.")]
    private async Task AskAsync(Found clone, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.AdoptionLimit, parts.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        // By itself: parts of it block, and /proc of a process that hangs in the kernel may not answer either.
        var asking = Task.Run(() => AdoptAsync(clone, either.Token), CancellationToken.None);
        try
        {
            (clone.Vm, clone.State) = await asking.WaitAsync(either.Token);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            var late = e is OperationCanceledException;
            logger.NotTakenOver(clone.Record.View.Name, late ? $"it did not answer within {options.AdoptionLimit.TotalSeconds:0.###} s" : e.Message);
            _ = asking.ContinueWith(
                async task => await ((await task).Vm?.DisposeAsync() ?? ValueTask.CompletedTask),
                CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
        }
    }

    private async Task<(IVm? Vm, VmState State)> AdoptAsync(Found clone, CancellationToken cancellationToken)
    {
        if (await parts.Vmm.AdoptAsync(clone.Folder, clone.Record.Process!.Value, cancellationToken) is not { } vm)
        {
            return (null, default);
        }

        try
        {
            vm.Guest.Expect(clone.Record.Agent);
            return await vm.QueryStateAsync(cancellationToken) switch
            {
                VmRunState.Running => (vm, VmState.Running),
                VmRunState.Prepared => throw new TemplatingException(ErrorCode.QmpFailed, "It says that it never began, and its record that it was ready."),
                _ => (vm, VmState.Paused),
            };
        }
        catch
        {
            await vm.DisposeAsync();
            throw;
        }
    }

    /// <summary>A clone's folder with a record that makes sense.</summary>
    private sealed class Found(VmFolder folder, CloneRecord record)
    {
        public VmFolder Folder => folder;

        public CloneRecord Record => record;

        /// <summary>Null where it has ended, or does not answer.</summary>
        public IVm? Vm { get; set; }

        public VmState State { get; set; }

        public Clone? Clone { get; set; }
    }
}
