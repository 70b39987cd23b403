using Templating.Contract;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Pools;
using Templating.Core.Store;
using Templating.Core.Templates;
using Templating.Core.Vms;

namespace Templating.Core.Clones;

/// <summary>Whether a clone may start here: its template is there and valid, and the node has room.</summary>
internal sealed class CloneAdmission(
    VmParts parts, TemplateStore store, RevisionLeases leases, CloneOptions options, PoolRoom room)
{
    /// <summary>Whether it may start at all, and of which revision it is. What is returned holds that until disposed.</summary>
    public async Task<Admitted> JudgeAsync(CreateClone request, CancellationToken cancellationToken)
    {
        var revision = Find(request);
        if (request.Owner is not null && !revision.Manifest.Spec.Sandbox)
        {
            throw new TemplatingException(
                ErrorCode.SandboxUnsupported, $"{revision.Name} is no template for sandboxes. Build it with sandbox: true, or choose another.");
        }

        var lease = leases.Acquire(revision.Name);
        try
        {
            var source = VmSource.Of(revision, store);
            source.RequireCompatible(await parts.Vmm.ProbeAsync(refresh: false, cancellationToken));
            var tenant = request.Template.Tenant;
            var network = request.Network ?? revision.Manifest.Spec.Network;
            if (revision.Manifest.Machine.Sandbox && (network.Outbound || network.Forwards.Count > 0))
            {
                throw new TemplatingException([new FieldViolation(
                    "spec.network", $"{revision.Name} is a sandbox, which has no network card of its own to reach or to forward to; leave the network out and plug a card.")]);
            }

            parts.Capacity.Limits.Of(tenant).RequireNetwork(tenant, network);
            return new Admitted(new CloneName(tenant, request.Id ?? CloneNaming.NewId(request.Template.Name)), source, network, lease);
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    /// <summary>What a clone that starts cold goes on from, with what it holds. Where its tenant's own VMs that wait take the room, they give it up.</summary>
    public async Task<VmBirth> ChargeAsync(Admitted admitted, CreateClone request, CancellationToken cancellationToken)
    {
        var holdings = new VmHoldings { Lease = leases.Acquire(admitted.Source.Name) };
        try
        {
            holdings.Charge = await room.ChargeAsync(request.Template.Tenant, admitted.Source.Manifest.Machine.MemoryBytes, cancellationToken);
            return new VmBirth
            {
                Name = admitted.Name.ToString(),
                Source = admitted.Source,
                Folder = VmFolder.NewIn(options.ClonesFolder),
                Holdings = holdings,
                Cgroups = request.Cgroups,
                Rent = token => room.RentAsync(request.Template.Tenant, token),
            };
        }
        catch
        {
            holdings.Dispose();
            throw;
        }
    }

    /// <summary>Whether its bytes were found not to be those that were published.</summary>
    public bool IsCorrupt(Admitted admitted) => store.FindProblem(admitted.Source.Name) is not null;

    /// <summary>What a clone looks like before anything of it is started.</summary>
    public CloneView View(Admitted admitted, CreateClone request) => new()
    {
        Name = admitted.Name,
        Id = admitted.Name.Id,
        Template = admitted.Source.Name,
        State = VmState.Prepared,
        CreatedAt = parts.Time.GetUtcNow(),
        Generation = Guid.NewGuid(),
        Network = admitted.Network,
        Labels = request.Labels,
        Owner = request.Owner,
    };

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

/// <summary>A clone that may start: who it is, of what, and with which network. Holds the revision until disposed.</summary>
internal sealed record Admitted(CloneName Name, VmSource Source, NetworkSpec Network, IDisposable Lease) : IDisposable
{
    public void Dispose() => Lease.Dispose();
}
