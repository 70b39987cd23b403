using Templating.Contract;
using Templating.Core.Capacity;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Store;
using Templating.Core.Templates;
using Templating.Core.Vms;

namespace Templating.Core.Clones;

/// <summary>Whether a clone may start here: its template is there and valid, and the node has room.</summary>
internal sealed class CloneAdmission(
    IVmm vmm, TemplateStore store, RevisionLeases leases, NodeCapacity capacity, CloneOptions options, TimeProvider time)
{
    /// <summary>What the clone holds and goes on from, and what it looks like before anything is started.</summary>
    public async Task<(VmBirth Birth, CloneView View)> AdmitAsync(CreateClone request, CancellationToken cancellationToken)
    {
        var revision = Find(request);
        if (request.Owner is not null && !revision.Manifest.Spec.Sandbox)
        {
            throw new TemplatingException(
                ErrorCode.SandboxUnsupported, $"{revision.Name} is no template for sandboxes. Build it with sandbox: true, or choose another.");
        }

        var source = new VmSource
        {
            Name = revision.Name,
            Manifest = revision.Manifest,
            MemoryPath = revision.MemoryPath,
            StatePath = revision.StatePath,
            ImagePaths = [.. revision.Manifest.Images.Select(store.ImagePath)],
            EnsureVerified = token => store.EnsureVerifiedAsync(revision, token),
        };
        var holdings = new VmHoldings { Lease = leases.Acquire(revision.Name) };
        try
        {
            source.RequireCompatible(await vmm.ProbeAsync(refresh: false, cancellationToken));
            var tenant = request.Template.Tenant;
            var network = request.Network ?? revision.Manifest.Spec.Network;
            if (revision.Manifest.Machine.Sandbox && (network.Outbound || network.Forwards.Count > 0))
            {
                throw new TemplatingException([new FieldViolation(
                    "spec.network", $"{revision.Name} is a sandbox, which has no network card of its own to reach or to forward to; leave the network out and plug a card.")]);
            }

            capacity.Limits.Of(tenant).RequireNetwork(tenant, network);
            holdings.Charge = capacity.Charge(tenant, revision.Manifest.Machine.MemoryBytes);
            var name = new CloneName(tenant, request.Id ?? CloneNaming.NewId(request.Template.Name));
            var birth = new VmBirth
            {
                Name = name.ToString(),
                Source = source,
                Folder = VmFolder.NewIn(options.ClonesFolder),
                Holdings = holdings,
                Cgroups = request.Cgroups,
            };
            return (birth, new CloneView
            {
                Name = name,
                Id = name.Id,
                Template = revision.Name,
                State = VmState.Prepared,
                CreatedAt = time.GetUtcNow(),
                Generation = Guid.NewGuid(),
                Network = network,
                ChargedBytes = holdings.Charge.Bytes,
                Labels = request.Labels,
                Owner = request.Owner,
            });
        }
        catch
        {
            holdings.Dispose();
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
