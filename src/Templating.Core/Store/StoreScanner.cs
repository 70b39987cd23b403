using Templating.Contract;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Core.Names;

namespace Templating.Core.Store;

/// <summary>Reads the store's folders. Whatever does not belong there is told as broken, and never followed.</summary>
internal sealed class StoreScanner(StoreLayout layout)
{
    private readonly List<Revision> _revisions = [];
    private readonly List<BrokenEntry> _broken = [];

    public (IReadOnlyList<Revision> Revisions, IReadOnlyList<BrokenEntry> Broken) Scan()
    {
        foreach (var tenant in Folders(layout.Templates, e => new RevisionName(new TemplateName(e, ""), "")))
        {
            foreach (var template in Folders(layout.Tenant(tenant), e => new RevisionName(new TemplateName(tenant, e), "")))
            {
                var name = new TemplateName(tenant, template);
                foreach (var path in Directory.EnumerateFileSystemEntries(layout.Template(name)))
                {
                    Add(name, path);
                }
            }
        }

        return (_revisions, _broken);
    }

    /// <summary>Reads one revision's folder; exactly one of the two is returned.</summary>
    public (Revision? Revision, BrokenEntry? Broken) Load(RevisionName name)
    {
        var path = layout.Revision(name);
        IReadOnlyList<string>? images = null;
        try
        {
            if (FileStamp.TryRead(path) is { IsFolder: false } stamp)
            {
                return (null, Break(name, path, $"It is {stamp.Kind}; a revision is a folder. Delete it.", []));
            }

            var manifest = ManifestFormat.Read(Path.Combine(path, StoreLayout.ManifestFile), name);
            images = [.. manifest.Images.Select(i => i.Sha256)];
            var allocated = CheckFile(Path.Combine(path, StoreLayout.MemoryFile), manifest.Memory.Size)
                + CheckFile(Path.Combine(path, StoreLayout.StateFile), manifest.State.Size);
            foreach (var image in manifest.Images)
            {
                CheckFile(layout.Image(image.Sha256), image.Size);
            }

            var stranger = Directory.EnumerateFileSystemEntries(path).Select(Path.GetFileName).FirstOrDefault(
                f => f is not (StoreLayout.ManifestFile or StoreLayout.MemoryFile or StoreLayout.StateFile));
            return stranger is null
                ? (new Revision(name, manifest, path, allocated), null)
                : (null, Break(name, path, $"It holds {Quote.Text(stranger)}, which is no part of a revision; remove that by hand or delete the revision.", images));
        }
        catch (Exception e) when (e is IOException or TemplatingException or UnauthorizedAccessException && !HostFailure.IsExhaustion(e))
        {
            return (null, Break(name, path, e.Message, images));
        }
    }

    private void Add(TemplateName template, string path)
    {
        var entry = Path.GetFileName(path);
        var name = new RevisionName(template, Labels.IsRevision(entry) ? entry : "");
        if (name.Revision.Length == 0)
        {
            _broken.Add(Stranger(name, path));
            return;
        }

        var (revision, broken) = Load(name);
        if (revision is not null)
        {
            _revisions.Add(revision);
        }
        else
        {
            _broken.Add(broken!);
        }
    }

    private IEnumerable<string> Folders(string parent, Func<string, RevisionName> name)
    {
        foreach (var path in Directory.EnumerateFileSystemEntries(parent))
        {
            var entry = Path.GetFileName(path);
            if (FileStamp.TryRead(path) is { IsFolder: true } && Labels.IsLabel(entry))
            {
                yield return entry;
            }
            else
            {
                _broken.Add(Stranger(name(Labels.IsLabel(entry) ? entry : ""), path));
            }
        }
    }

    private static BrokenEntry Stranger(RevisionName name, string path) =>
        Break(name, path, "It is no part of a store; remove it by hand.", []);

    private static BrokenEntry Break(RevisionName name, string path, string problem, IReadOnlyList<string>? images) =>
        new(new BrokenRevision(name, path, problem), images);

    private static long CheckFile(string path, long size) => FileStamp.TryRead(path) switch
    {
        null => throw new IOException($"{path} is missing; delete the revision and rebuild the template."),
        { IsRegularFile: false } s => throw new IOException($"{path} is {s.Kind}; a regular file is expected. Delete the revision and rebuild the template."),
        { } s when s.Size != size => throw new IOException($"{path} has {s.Size} bytes, expected are {size}. Delete the revision and rebuild the template."),
        { } s => s.AllocatedBytes,
    };
}
