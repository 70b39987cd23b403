using Microsoft.Extensions.Logging;
using Templating.Core.Capacity;
using Templating.Core.Machines;
using Templating.Core.Templates;
using Templating.Core.Vms;

namespace Templating.Core.Clones;

/// <summary>
/// Takes over the clones of a daemon that is gone. A clone whose process, monitor and record agree is adopted; one that
/// ended meanwhile is kept as Failed, so that nobody wonders where it went; one that was never ready is removed, because
/// its create call never returned it.
/// </summary>
internal sealed class CloneRecovery(
    IVmm vmm, CloneFactory factory, RevisionLeases leases, NodeCapacity capacity, VmUserPool? users, CloneOptions options, ILogger logger)
{
    public async Task<IReadOnlyList<Clone>> RunAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(options.ClonesFolder);
        var adopted = new List<Clone>();
        var ended = new List<Clone>();
        var leftOver = new List<VmFolder>();
        foreach (var path in Directory.EnumerateDirectories(options.ClonesFolder))
        {
            var folder = new VmFolder(path);
            if (!CloneRecordFile.Exists(path))
            {
                leftOver.Add(folder);
            }
            else if (CloneRecordFile.Read(path, out var problem) is not { } record)
            {
                logger.RecordUnreadable(problem);
                leftOver.Add(folder);
            }
            else if (record.EndedAt is not null)
            {
                ended.Add(factory.Adopt(record, folder, vm: null, new VmHoldings()));
            }
            else if (record.View.ReadyAt is null || record.Process is not { } process)
            {
                leftOver.Add(folder);
            }
            else if (await AdoptAsync(record, process, folder, cancellationToken) is { } clone)
            {
                adopted.Add(clone);
            }
            else
            {
                ended.Add(factory.AdoptLost(record, folder));
            }
        }

        await vmm.ReapAsync([.. leftOver, .. ended.Select(c => c.Folder)], cancellationToken);
        foreach (var folder in leftOver)
        {
            Directory.Delete(folder.Path, recursive: true);
        }

        logger.Adopted(adopted.Count, ended.Count, leftOver.Count);
        return [.. adopted, .. ended];
    }

    private async Task<Clone?> AdoptAsync(CloneRecord record, VmProcessId process, VmFolder folder, CancellationToken cancellationToken)
    {
        if (await vmm.AdoptAsync(folder, process, cancellationToken) is not { } vm)
        {
            return null;
        }

        vm.Guest.Expect(record.Agent);
        var state = await vm.QueryStateAsync(cancellationToken) switch
        {
            VmRunState.Running => VmState.Running,
            VmRunState.Prepared => VmState.Prepared,
            _ => VmState.Paused,
        };
        return factory.Adopt(record with { View = record.View with { State = state } }, folder, vm, new VmHoldings
        {
            User = record.User is { } user ? users?.Reserve(user) : null,
            Charge = capacity.ChargeAdopted(record.View.Name.Tenant, record.View.ChargedBytes),
            Lease = leases.Acquire(record.View.Template),
        });
    }
}
