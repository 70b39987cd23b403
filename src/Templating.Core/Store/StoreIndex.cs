using Templating.Core.Names;

namespace Templating.Core.Store;

/// <summary>What the store holds, from memory. Readers see one consistent picture; writers hold the store's gate.</summary>
internal sealed class StoreIndex
{
    private volatile Picture _picture = new([], []);

    public IReadOnlyList<Revision> Revisions => _picture.Revisions;

    public IReadOnlyList<BrokenEntry> Broken => _picture.Broken;

    public void Replace(IEnumerable<Revision> revisions, IEnumerable<BrokenEntry> broken) =>
        _picture = new Picture(
            [.. revisions.OrderBy(r => r.Name.Template.Tenant, StringComparer.Ordinal)
                .ThenBy(r => r.Name.Template.Name, StringComparer.Ordinal)
                .ThenByDescending(r => r.Manifest.CreatedAt)
                .ThenBy(r => r.Name.Revision, StringComparer.Ordinal)],
            [.. broken.OrderBy(b => b.Revision.Path, StringComparer.Ordinal)]);

    public void Add(Revision revision) =>
        Replace(_picture.Revisions.Where(r => r.Name != revision.Name).Append(revision), _picture.Broken);

    public void Remove(RevisionName name) =>
        Replace(_picture.Revisions.Where(r => r.Name != name), _picture.Broken.Where(b => b.Revision.Name != name));

    private sealed record Picture(Revision[] Revisions, BrokenEntry[] Broken);
}

/// <param name="Revision">What is told.</param>
/// <param name="Images">The images it names; null when its manifest cannot be read, and it may name any.</param>
internal sealed record BrokenEntry(BrokenRevision Revision, IReadOnlyList<string>? Images);
