using Templating.Core.Capacity;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Store;
using Templating.Core.Templates;

namespace Templating.Core.Clones;

/// <summary>Whether a clone may start here: its template is there and valid, and the node has room.</summary>
internal sealed class CloneAdmission(
    IVmm vmm, TemplateStore store, RevisionLeases leases, NodeCapacity capacity, CloneOptions options, TimeProvider time)
{
    /// <summary>A clone that holds its memory charge and a lease on its revision. Nothing is started yet.</summary>
    public async Task<(Clone Clone, Revision Revision)> AdmitAsync(
        CreateClone request, string digest, CancellationToken cancellationToken)
    {
        var revision = Find(request);
        var lease = leases.Acquire(revision.Name);
        MemoryCharge? charge = null;
        try
        {
            if (Compatibility.FindMismatch(revision.Manifest, await vmm.ProbeAsync(refresh: false, cancellationToken)) is { } mismatch)
            {
                throw new TemplatingException(ErrorCode.TemplateStale, $"{revision.Name} cannot be cloned here: {mismatch}");
            }

            charge = capacity.Charge(revision.Manifest.Machine.MemoryBytes);
            var record = new CloneRecord
            {
                FormatVersion = CloneRecord.CurrentVersion,
                Agent = revision.Manifest.Agent,
                RequestId = request.RequestId,
                RequestDigest = digest,
                View = new CloneView
                {
                    Name = new CloneName(request.Template.Tenant, request.Id ?? CloneNaming.NewId(request.Template.Name)),
                    Template = revision.Name,
                    State = CloneState.Prepared,
                    CreatedAt = time.GetUtcNow(),
                    Generation = Guid.NewGuid(),
                    Mac = MacAddress.New(),
                    Network = request.Network ?? revision.Manifest.Spec.Network,
                    ChargedBytes = charge.Bytes,
                    Labels = request.Labels,
                },
            };
            var folder = VmFolder.NewIn(options.ClonesFolder);
            return (new Clone(record, folder) { Charge = charge, Lease = lease }, revision);
        }
        catch
        {
            charge?.Dispose();
            lease.Dispose();
            throw;
        }
    }

    private Revision Find(CreateClone request)
    {
        if (store.Find(request.Template, request.Revision) is { } revision)
        {
            return revision;
        }

        var broken = store.ListBroken(request.Template.Tenant).FirstOrDefault(b =>
            b.Name.Template == request.Template && (request.Revision is null || b.Name.Revision == request.Revision));
        throw broken is null
            ? TemplateRefusals.NotFound(request.Template, request.Revision)
            : new TemplatingException(
                ErrorCode.TemplateCorrupt, $"{broken.Name} cannot be cloned: {broken.Problem} Delete it and build it again.");
    }
}
