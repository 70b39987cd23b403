using Templating.Contract;
using Templating.Core.Diagnostics;
using Templating.Core.Machines;
using Templating.Core.Vms;

namespace Templating.Core.Clones;

/// <summary>Puts clones together.</summary>
internal sealed class CloneFactory(CloneTable table, CloneAdmission admission, TimeProvider time, TimeProvider boot)
{
    /// <summary>One that has no VM yet, and what is told of it first.</summary>
    public (Clone Clone, CloneView View) Make(Admitted admitted, CreateClone request, string digest, PhaseClock clock)
    {
        var clone = new Clone
        {
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

        clone.TryBe(new VmLife(record.View.Name.ToString(), holdings, StatusOf(clone, record.View), start: null, time), folder);
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

    /// <summary>That tells the table of its changes.</summary>
    public VmStatus StatusOf(Clone clone, CloneView first) => new(first, view => table.Changed(clone, (CloneView)view));
}
