using System.Collections.Concurrent;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Core.Names;

namespace Templating.Core.Store;

/// <summary>Checks all files of a revision against its manifest, and the manifest against its folder's name.</summary>
internal sealed class RevisionVerifier(StoreLayout layout, VerifiedFiles files)
{
    /// <summary>Often enough for a progress bar, seldom enough to cost nothing.</summary>
    private const long ProgressStep = 8 * 1024 * 1024;

    private readonly ConcurrentDictionary<RevisionName, FileStamp> _manifests = new();
    private readonly ConcurrentDictionary<RevisionName, string> _found = new();

    /// <summary>What the last check of it found; null when all was well or nobody has looked.</summary>
    public string? Found(RevisionName name) => _found.GetValueOrDefault(name);

    public async Task<IReadOnlyList<string>> VerifyAsync(
        RevisionName name, IProgress<VerifyProgress>? progress, CancellationToken cancellationToken)
    {
        var problems = await CheckAsync(name, progress, cancellationToken);
        Note(name, problems);
        return problems;
    }

    private async Task<List<string>> CheckAsync(
        RevisionName name, IProgress<VerifyProgress>? progress, CancellationToken cancellationToken)
    {
        var problems = new List<string>();
        var manifest = ReadManifest(name, problems);
        if (manifest is null)
        {
            return problems;
        }

        var targets = Targets(name, manifest);
        var total = targets.Sum(t => t.Digest.Size);
        long done = 0, reported = 0;
        foreach (var (path, digest, _) in targets)
        {
            Action<long>? step = progress is null ? null : bytes =>
            {
                done += bytes;
                if (done - reported >= ProgressStep || done == total)
                {
                    reported = done;
                    progress.Report(new VerifyProgress(path, done, total));
                }
            };
            if (await files.CheckAgainAsync(name.Template.Tenant, path, digest, step, cancellationToken) is { } problem)
            {
                problems.Add(problem);
            }
        }

        if (new StoreScanner(layout).Load(name).Broken is { } broken && problems.Count == 0)
        {
            problems.Add($"{broken.Revision.Path}: {broken.Revision.Problem}");
        }

        return problems;
    }

    /// <exception cref="TemplatingException">TemplateCorrupt, with every problem. TemplateNotFound: it was deleted.</exception>
    public async Task EnsureAsync(Revision revision, CancellationToken cancellationToken)
    {
        var problems = new List<string>();
        CheckManifest(revision.Name, problems);
        var readings = Targets(revision.Name, revision.Manifest)
            .Select(t => files.CheckAsync(revision.Name.Template.Tenant, t.Path, t.Digest, t.Blocks, cancellationToken)).ToArray();
        foreach (var problem in await Task.WhenAll(readings))
        {
            if (problem is not null)
            {
                problems.Add(problem);
            }
        }

        if (problems.Count > 0 && FileStamp.TryRead(layout.Revision(revision.Name)) is null)
        {
            throw new TemplatingException(ErrorCode.TemplateNotFound, $"{revision.Name} was deleted meanwhile.");
        }

        Note(revision.Name, problems);
        if (problems.Count > 0)
        {
            throw new TemplatingException(
                ErrorCode.TemplateCorrupt,
                $"{revision.Name} is not what was published, and is not cloned: {string.Join(" ", problems)} Delete it and rebuild the template.");
        }
    }

    /// <summary>The files of a revision that was just published: written, hashed and sealed by this process.</summary>
    public void Remember(Revision revision)
    {
        files.Remember(revision.MemoryPath, revision.Manifest.Memory);
        files.Remember(revision.StatePath, revision.Manifest.State);
    }

    public void Forget(RevisionName name)
    {
        var folder = layout.Revision(name);
        files.Forget(Path.Combine(folder, StoreLayout.MemoryFile));
        files.Forget(Path.Combine(folder, StoreLayout.StateFile));
        _manifests.TryRemove(name, out _);
        _found.TryRemove(name, out _);
    }

    private void Note(RevisionName name, List<string> problems)
    {
        if (problems.Count == 0)
        {
            _found.TryRemove(name, out _);
        }
        else
        {
            _found[name] = string.Join(" ", problems);
        }
    }

    private void CheckManifest(RevisionName name, List<string> problems)
    {
        var stamp = FileStamp.TryRead(ManifestPath(name));
        if (stamp is { } now && _manifests.TryGetValue(name, out var seen) && seen.SameContent(now))
        {
            return;
        }

        if (ReadManifest(name, problems) is not null && stamp is { } found)
        {
            _manifests[name] = found;
        }
    }

    private Manifest? ReadManifest(RevisionName name, List<string> problems)
    {
        try
        {
            return ManifestFormat.Read(ManifestPath(name), name);
        }
        catch (Exception e) when (e is IOException or TemplatingException or UnauthorizedAccessException && !HostFailure.IsExhaustion(e))
        {
            problems.Add(e.Message);
            return null;
        }
    }

    private string ManifestPath(RevisionName name) => Path.Combine(layout.Revision(name), StoreLayout.ManifestFile);

    private IReadOnlyList<(string Path, FileDigest Digest, string? Blocks)> Targets(RevisionName name, Manifest manifest)
    {
        var folder = layout.Revision(name);
        return
        [
            (Path.Combine(folder, StoreLayout.MemoryFile), manifest.Memory, manifest.MemoryBlocks),
            (Path.Combine(folder, StoreLayout.StateFile), manifest.State, null),
            .. manifest.Images.DistinctBy(i => i.Sha256, StringComparer.Ordinal).Select(i => (layout.Image(i.Sha256), i, (string?)null)),
        ];
    }
}
