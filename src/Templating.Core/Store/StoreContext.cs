using Microsoft.Extensions.Logging;
using Templating.Core.Linux;

namespace Templating.Core.Store;

/// <summary>What the store and its builds share. Whatever moves folders or decides what goes holds <see cref="Gate"/>.</summary>
internal sealed class StoreContext(StoreOptions options, StoreLayout layout, StoreMedium medium, ILogger logger, RevisionVerifier verifier, VerifiedFiles files)
{
    private readonly Dictionary<string, int> _pins = new(StringComparer.Ordinal);
    private readonly HashSet<string> _owned = new(StringComparer.Ordinal);
    private readonly Dictionary<StagedRevision, long> _builds = [];
    private readonly HashSet<PrivateDisk> _disks = [];

    public StoreOptions Options { get; } = options;

    public StoreLayout Layout { get; } = layout;

    public StoreMedium Medium { get; } = medium;

    public ILogger Logger { get; } = logger;

    public RevisionVerifier Verifier { get; } = verifier;

    public VerifiedFiles Files { get; } = files;

    public StoreIndex Index { get; } = new();

    public CreationOrder Creations { get; } = new();

    public Lock Gate { get; } = new();

    /// <summary>Called after each step of a publication, by its name; a test's way to end there as a kill would.</summary>
    public Action<string>? AfterStep { get; set; }

    public void Pin(string sha256) => _pins[sha256] = _pins.GetValueOrDefault(sha256) + 1;

    public void Unpin(string sha256)
    {
        if (--_pins[sha256] == 0)
        {
            _pins.Remove(sha256);
        }
    }

    /// <summary>A path in staging that someone works with, so that it is not swept.</summary>
    public string Own(string prefix)
    {
        var path = Layout.NewStaging(prefix);
        _owned.Add(path);
        return path;
    }

    public bool IsOwned(string path) => _owned.Contains(path);

    public void Enter(StagedRevision build, long memoryBytes) => _builds.Add(build, memoryBytes);

    public void Leave(StagedRevision build) => _builds.Remove(build);

    public void Enter(PrivateDisk disk) => _disks.Add(disk);

    public void Leave(PrivateDisk disk) => _disks.Remove(disk);

    /// <summary>
    /// Bytes that the builds under way may yet take: all of their memory until it is reserved, and on a filesystem that
    /// cannot reserve as much as their guests have not written yet. And those that VMs have not written yet to their disks.
    /// </summary>
    public long PromisedBytes() => _builds.Sum(b =>
        Math.Max(0, b.Value - (FileStamp.TryRead(b.Key.MemoryPath)?.AllocatedBytes ?? 0)))
        + _disks.Sum(disk => disk.PromisedBytes);

    /// <summary>Removes a path of staging that this process owns. What cannot be removed is left to the next collection.</summary>
    public void Discard(string path)
    {
        try
        {
            FileSystem.RemoveTree(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Logger.RemoveFailed(path, e);
        }
        finally
        {
            lock (Gate)
            {
                _owned.Remove(path);
            }
        }
    }

    /// <summary>Images that must stay: named by a revision or held by a build. Null when that cannot be known.</summary>
    public HashSet<string>? NeededImages()
    {
        var needed = new HashSet<string>(_pins.Keys, StringComparer.Ordinal);
        needed.UnionWith(Index.Revisions.SelectMany(r => r.Manifest.Images).Select(i => i.Sha256));
        foreach (var broken in Index.Broken)
        {
            if (broken.Images is null)
            {
                Logger.ImagesKept(broken.Revision.Path);
                return null;
            }

            needed.UnionWith(broken.Images);
        }

        return needed;
    }
}
