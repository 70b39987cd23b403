using Templating.Core.Clones;
using Templating.Core.Machines;
using Templating.Core.Names;
using Templating.Core.Store;
using Templating.Core.Templates;

namespace Templating.Core.Building;

/// <summary>What the node's templates look like from outside: those in the store, those that are broken, those being built.</summary>
internal sealed class TemplateViews(
    IVmm vmm, TemplateStore store, RevisionLeases leases, ICloneUsage clones, IReadOnlyDictionary<TemplateName, TemplateSpec> building)
{
    /// <exception cref="Errors.TemplatingException">TemplateNotFound.</exception>
    public TemplateView Get(TemplateName template, string? revision)
    {
        var views = List(template.Tenant).Where(v => v.Name.Template == template && v.State != TemplateState.Building).ToArray();
        return (revision is null ? views.FirstOrDefault(v => v.Latest) ?? views.FirstOrDefault() : Array.Find(views, v => v.Name.Revision == revision))
            ?? throw TemplateRefusals.NotFound(template, revision);
    }

    /// <summary>Ordered by tenant, name, newest first.</summary>
    public IReadOnlyList<TemplateView> List(string? tenant)
    {
        var revisions = store.List(tenant);
        // Newest first within a template: the first of each is its latest.
        var latest = revisions.DistinctBy(r => r.Name.Template).Select(r => r.Name).ToHashSet();
        var views = revisions.Select(r => Of(r, latest.Contains(r.Name)))
            .Concat(store.ListBroken(tenant).Select(Of))
            .Concat(building.Where(b => tenant is null || b.Key.Tenant == tenant).Select(b => OfBuild(b.Key, b.Value)));
        return
        [
            .. views.OrderBy(v => v.Name.Template.Tenant, StringComparer.Ordinal)
                .ThenBy(v => v.Name.Template.Name, StringComparer.Ordinal)
                .ThenByDescending(v => v.Manifest?.CreatedAt ?? DateTimeOffset.MinValue)
                .ThenBy(v => v.Name.Revision, StringComparer.Ordinal),
        ];
    }

    public TemplateView Of(Revision revision) => Of(revision, store.Find(revision.Name.Template, null)?.Name == revision.Name);

    private TemplateView Of(Revision revision, bool latest)
    {
        // The node's QEMU is known once something was probed; before that nothing is called stale.
        var mismatch = vmm.Known is { } known ? Compatibility.FindMismatch(revision.Manifest, known) : null;
        var (state, reason) = (store.FindProblem(revision.Name), mismatch) switch
        {
            ({ } problem, _) => (TemplateState.Corrupt, problem),
            (null, { } why) => (TemplateState.Stale, char.ToUpperInvariant(why[0]) + why[1..]),
            _ => (TemplateState.Ready, ""),
        };
        return new TemplateView(
            revision.Name, state, reason, revision.Manifest, revision.Manifest.Spec, revision.AllocatedBytes, ClonesOf(revision.Name), latest);
    }

    private TemplateView Of(BrokenRevision broken) => new(
        broken.Name, TemplateState.Corrupt, broken.Problem, null, null, 0, ClonesOf(broken.Name), Latest: false);

    /// <summary>Those that wait for a clone are nobody's.</summary>
    private int ClonesOf(RevisionName revision) => Math.Max(0, leases.Count(revision) - clones.CountWaiting(revision));

    private static TemplateView OfBuild(TemplateName name, TemplateSpec spec) => new(
        new RevisionName(name, ""), TemplateState.Building, "", null, spec, 0, 0, Latest: false);
}
