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
/// its create call never returned it. A guest may have broken into any of these QEMUs: each is asked beside the others, one that
/// answers nonsense is ended, and one that is silent costs nobody else anything: it may only be slow, so it is told as not answering,
/// keeps what it holds, and is asked on beside the daemon's work.
/// </summary>
internal sealed class CloneRecovery(
    VmParts parts, CloneFactory factory, RevisionLeases leases, ClonePlugs plugs, CloneOptions options, ILogger logger)
{
    /// <param name="others">Folders of VMs that are no clones.</param>
    /// <param name="cancellationToken">Of who waits for it.</param>
    public async Task<IReadOnlyList<Clone>> RunAsync(IReadOnlyCollection<VmFolder> others, CancellationToken cancellationToken)
    {
        FileSystem.MakeFolder(options.ClonesFolder, FileSystem.OwnerOnlyFolder);
        var found = new List<Found>();
        var left = new List<LeftVm>();
        foreach (var folder in LeftOvers.In(options.ClonesFolder).Except(others))
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

        await AskAllAsync([.. found.Where(f => f.Record.EndedAt is null)], cancellationToken);
        var (adopted, ended) = await EnterAsync(found, left);
        var lost = ended.Select(f => new LeftVm(f.Folder, f.Record.Process)).ToList();
        await LeftOvers.EndAsync(parts.Vmm, parts.Users, [.. left, .. lost], [.. lost.Select(l => l.Folder)], logger, cancellationToken);
        logger.Adopted(adopted.Count, adopted.Count(c => c.View.State == VmState.NotAnswering), ended.Count, left.Count);
        return [.. adopted, .. ended.Select(f => f.Clone!)];
    }

    /// <summary>Enters into the table what was found. Of two with the same name the one that lives is meant, else the one that lived last.</summary>
    private async Task<(List<Clone> Adopted, List<Found> Ended)> EnterAsync(List<Found> found, List<LeftVm> left)
    {
        var (adopted, ended, names) = (new List<Clone>(), new List<Found>(), new HashSet<CloneName>());
        foreach (var clone in found.OrderByDescending(f => f.Vm is not null).ThenByDescending(f => f.Vm is not LateVm).ThenByDescending(f => f.Record.View.ReadyAt))
        {
            if (!names.Add(clone.Record.View.Name))
            {
                logger.NameTwice(clone.Record.View.Name, clone.Folder.Path);
                await (clone.Vm?.DisposeAsync() ?? ValueTask.CompletedTask);
                left.Add(new LeftVm(clone.Folder, clone.Record.Process));
            }
            else if (clone is { Vm: { } vm } && Hold(clone.Record) is { } holdings)
            {
                adopted.Add(factory.Adopt(
                    clone.Record with { View = clone.Record.View with { State = clone.State, StateReason = clone.StateReason } }, clone.Folder, vm, holdings));
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
            var holdings = new VmHoldings
            {
                User = record.User is { } user ? parts.Users?.Reserve(user) : null,
                Charge = parts.Capacity.ChargeAdopted(record.View.Name.Tenant, record.View.ChargedBytes),
                Lease = lease,
            };
            plugs.Hold(record.View, record.Process?.Pid, holdings, problem => logger.DeviceNotHeld(record.View.Name, problem));
            return holdings;
        }
        catch (TemplatingException e)
        {
            logger.NotTakenOver(record.View.Name, e.Message);
            return null;
        }
    }

    /// <summary>
    /// Asks all at once, and waits as long as answers come. Who has not answered by then is <see cref="LateVm"/>.
    /// </summary>
    private async Task AskAllAsync(IReadOnlyList<Found> clones, CancellationToken cancellationToken)
    {
        foreach (var clone in clones)
        {
            // By itself: parts of it block, and /proc of a process that hangs in the kernel may not answer either.
            clone.Answer = Task.Run(() => AdoptAsync(clone, clone.Asking.Token), CancellationToken.None);
        }

        await Answers.WaitAsync(
            [.. clones.Select(clone => clone.Answer)], options.FirstAnswer, options.NextAnswer, options.AdoptionLimit, parts.Time, cancellationToken);
        foreach (var clone in clones)
        {
            await TakeAnswerAsync(clone);
        }
    }

    /// <summary>Sets the clone's VM where it answers as one of ours does, or may yet.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "Whatever one VM does, the others are taken over; it is logged, and the VM is ended.")]
    private async Task TakeAnswerAsync(Found clone)
    {
        if (!clone.Answer.IsCompleted)
        {
            logger.Silent(clone.Record.View.Name);
            (clone.State, clone.StateReason) = (VmState.NotAnswering, "Its QEMU has not answered since the daemon began.");
            clone.Vm = new LateVm(
                clone.Record.Process!.Value, VmOf(clone.Answer), clone.Asking, token => KillAsync(new LeftVm(clone.Folder, clone.Record.Process), token), parts.Time);
            return;
        }

        try
        {
            (clone.Vm, clone.State) = await clone.Answer;
        }
        catch (Exception e)
        {
            logger.NotTakenOver(clone.Record.View.Name, e.Message);
        }

        static async Task<IVm?> VmOf(Task<(IVm? Vm, VmState State)> answer) => (await answer).Vm;
    }

    /// <summary>Until its process is gone; one that hangs in the kernel dies when the kernel lets it.</summary>
    private async Task KillAsync(LeftVm vm, CancellationToken cancellationToken)
    {
        while ((await parts.Vmm.ReapAsync([vm], cancellationToken)).Count > 0)
        {
            await Task.Delay(options.LookLimit, parts.Time, cancellationToken);
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

        /// <summary>Ends the asking.</summary>
        public CancellationTokenSource Asking { get; } = new();

        public Task<(IVm? Vm, VmState State)> Answer { get; set; } = Task.FromResult<(IVm?, VmState)>(default);

        /// <summary>Null where it has ended, or is none of ours.</summary>
        public IVm? Vm { get; set; }

        public VmState State { get; set; }

        public string StateReason { get; set; } = "";

        public Clone? Clone { get; set; }
    }
}
