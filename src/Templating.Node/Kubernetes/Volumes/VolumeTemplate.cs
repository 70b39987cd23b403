using Templating.Contract;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Store;

namespace Templating.Node.Kubernetes.Volumes;

/// <summary>Finds the revision a volume gets. Only the pod's own tenant is looked at.</summary>
internal static class VolumeTemplate
{
    /// <exception cref="TemplatingException">TemplateNotFound, TemplateCorrupt.</exception>
    public static Revision Choose(TemplateStore store, PublishVolume volume)
    {
        var revision = store.List(volume.Tenant).Where(r => IsMeant(r.Name.Template.Name, volume))
            .OrderByDescending(r => r.Manifest.CreatedAt).ThenBy(r => r.Name.Revision, StringComparer.Ordinal).FirstOrDefault();
        if (revision is not null)
        {
            return revision;
        }

        var which = volume.Revision is null ? "" : $" in revision {volume.Revision}";
        var broken = store.ListBroken(volume.Tenant).FirstOrDefault(b => IsMeant(b.Name.Template.Name, volume));
        throw broken is not null
            ? new TemplatingException(ErrorCode.TemplateCorrupt, $"Template '{volume.Template}'{which} of namespace '{volume.Tenant}' cannot be used on this node: {broken.Problem}")
            : new TemplatingException(
                ErrorCode.TemplateNotFound,
                $"There is no template '{volume.Template}'{which} of namespace '{volume.Tenant}' on this node. A volume can only have a template of its pod's own namespace that is ready on the pod's node.");
    }

    /// <exception cref="TemplatingException">TemplateStale. QemuMissing, QemuTooOld: nothing can be cloned here.</exception>
    public static async Task RequireFreshAsync(IVmm vmm, Revision revision, CancellationToken cancellationToken)
    {
        var info = vmm.Known ?? await vmm.ProbeAsync(refresh: false, cancellationToken);
        if (Compatibility.FindMismatch(revision.Manifest, info) is { } mismatch)
        {
            throw new TemplatingException(ErrorCode.TemplateStale, $"{revision.Name} cannot be cloned here: {mismatch}");
        }
    }

    /// <summary>Without a revision the cluster's, and one of exactly that name that a person made on the node.</summary>
    private static bool IsMeant(string nodeTemplate, PublishVolume volume) => volume.Revision is { } revision
        ? string.Equals(nodeTemplate, NodeTemplates.Join(volume.Template, revision), StringComparison.Ordinal)
        : string.Equals(nodeTemplate, volume.Template, StringComparison.Ordinal)
            || (NodeTemplates.TryParse(nodeTemplate, out var template, out _) && string.Equals(template, volume.Template, StringComparison.Ordinal));
}
