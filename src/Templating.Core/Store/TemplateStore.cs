using Microsoft.Extensions.Logging;
using Templating.Contract;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Core.Machines;
using Templating.Core.Names;

namespace Templating.Core.Store;

/// <summary>
/// Templates on disk, version 1 of the format (<see cref="StoreLayout"/>, docs/store-format.md). Safe for concurrent use by
/// one process; a lock file keeps a second one out.
/// </summary>
public sealed class TemplateStore : IDisposable
{
    /// <summary>0700: nobody else gets past it, not even the VMs; what they need is handed to them open.</summary>
    private const UnixFileMode RootMode = FileSystem.OwnerOnlyFolder;

    private readonly StoreLayout _layout;
    private readonly FileLock _lock;
    private readonly VerifiedFiles _files;
    private readonly StoreContext _context;
    private readonly Lock _keeping = new();

    /// <summary>Opens the store, making it when it is not there, and sweeps what a killed process left half.</summary>
    /// <exception cref="TemplatingException">IllegalState: another process owns it.</exception>
    public TemplateStore(StoreOptions options, ILogger<TemplateStore> logger)
    {
        if (!Path.IsPathFullyQualified(options.Root))
        {
            throw new ArgumentException($"The store's folder {Quote.Text(options.Root)} is not an absolute path.", nameof(options));
        }

        _layout = new StoreLayout(Path.TrimEndingDirectorySeparator(Path.GetFullPath(options.Root)));
        FileSystem.MakeFolder(_layout.Root, RootMode);
        _lock = StoreLock.Take(_layout);
        _files = new VerifiedFiles(new VerifiedStamps(options.StampPath, logger), logger);
        try
        {
            FileSystem.MakeFolder(_layout.Templates, FileSystem.PassThroughFolder);
            FileSystem.MakeFolder(_layout.Images, FileSystem.PassThroughFolder);
            FileSystem.MakeFolder(_layout.Staging, FileSystem.PassThroughFolder);
            _context = new StoreContext(options, _layout, StoreMedium.Of(_layout.Staging), logger, new RevisionVerifier(_layout, _files), _files);
            var (swept, _) = SweepStaging();
            Rescan();
            if (_context.Medium.IsMemory)
            {
                logger.InMemory(_layout.Root, _context.Medium.FileSystem);
            }

            logger.Opened(_layout.Root, _context.Index.Revisions.Count, _context.Index.Broken.Count, swept);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    internal Action<string>? AfterStep
    {
        set => _context.AfterStep = value;
    }

    /// <summary>All readable revisions, newest first within a template. From memory; <see cref="Rescan"/> reads the disk.</summary>
    public IReadOnlyList<Revision> List(string? tenant) => tenant is null
        ? _context.Index.Revisions
        : [.. _context.Index.Revisions.Where(r => string.Equals(r.Name.Template.Tenant, tenant, StringComparison.Ordinal))];

    /// <summary>
    /// What lies in the store and cannot be used. Some of it is not where a revision would be (a file among the folders, say);
    /// its name then has empty parts.
    /// </summary>
    public IReadOnlyList<BrokenRevision> ListBroken(string? tenant) =>
        [.. _context.Index.Broken.Select(b => b.Revision).Where(b => tenant is null || string.Equals(b.Name.Template.Tenant, tenant, StringComparison.Ordinal))];

    /// <summary>The newest readable revision, or the named one. Null when there is none.</summary>
    public Revision? Find(TemplateName template, string? revision) => _context.Index.Revisions.FirstOrDefault(r =>
        r.Name.Template == template && (revision is null || string.Equals(r.Name.Revision, revision, StringComparison.Ordinal)));

    /// <summary>
    /// Of the host's memory what is published takes, or will when it is used, whatever VMs take: 0 where the store lies on a disk. Builds
    /// are charged for theirs.
    /// </summary>
    public long MemoryBytes => !_context.Medium.IsMemory ? 0 : _context.Index.Revisions.Sum(r => r.Manifest.Memory.Size + r.Manifest.State.Size)
        + _context.Index.Revisions.SelectMany(r => r.Manifest.Images).DistinctBy(i => i.Sha256, StringComparer.Ordinal).Sum(i => i.Size);

    /// <summary>Whether it is there, sound or not.</summary>
    public bool Has(RevisionName name) => Find(name.Template, name.Revision) is not null || _context.Index.Broken.Any(b => b.Revision.Name == name);

    /// <summary>Reads the folders again; returns what was not broken before.</summary>
    public IReadOnlyList<BrokenRevision> Rescan()
    {
        lock (_context.Gate)
        {
            var before = _context.Index.Broken.Select(b => b.Revision).ToHashSet();
            var (revisions, broken) = new StoreScanner(_layout).Scan();
            _context.Index.Replace(revisions, broken);
            var fresh = broken.Select(b => b.Revision).Where(b => !before.Contains(b)).ToList();
            fresh.ForEach(b => _context.Logger.Broken(b.Path, b.Problem));
            return fresh;
        }
    }

    /// <summary>A new staging folder with a <c>memory</c> of that size, its room reserved, and an empty <c>state</c>.</summary>
    /// <param name="memoryBytes">The RAM's size.</param>
    /// <param name="owner">Who may write the two files: the user the template VM runs as; null for the daemon's own.</param>
    /// <param name="tenant">Whose turn its images take where they must be read again; empty for the store's own.</param>
    /// <exception cref="TemplatingException">DiskFull: less room than the RAM needs at worst is left.</exception>
    public StagedRevision Stage(long memoryBytes, VmUser? owner, string tenant = "")
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(memoryBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(memoryBytes, FileLimits.MaxBytes);
        return StagedRevision.Create(_context, memoryBytes, owner, tenant);
    }

    /// <summary>A file without a name for a VM's own disk; it is gone when nobody has it open.</summary>
    /// <exception cref="TemplatingException">DiskFull: less room than that is left. IllegalState: the store lies in memory.</exception>
    /// <param name="bytes">Its length.</param>
    /// <param name="ext4">Whether with an empty file system on it.</param>
    internal PrivateDisk MakeDisk(long bytes, bool ext4)
    {
        var disk = PrivateDisk.Make(_context, bytes);
        try
        {
            if (ext4)
            {
                Ext4.Write(disk.File, bytes);
            }

            return disk;
        }
        catch
        {
            disk.Dispose();
            throw;
        }
    }

    /// <summary>Bytes of its file system that are not taken yet, and are spoken for.</summary>
    internal long PromisedBytes
    {
        get
        {
            lock (_context.Gate)
            {
                return _context.PromisedBytes();
            }
        }
    }

    internal string StagingFolder => _layout.Staging;

    /// <summary>One of a VM that a daemon before this one began.</summary>
    internal PrivateDisk? FindDisk(int pid, string name, long bytes) => PrivateDisk.TryFind(_context, pid, name, bytes);

    /// <summary>Where the image lies in the store.</summary>
    public string ImagePath(FileDigest image) => Labels.IsSha256(image.Sha256)
        ? _layout.Image(image.Sha256)
        : throw new ArgumentException($"{Quote.Text(image.Sha256)} is not a digest.", nameof(image));

    /// <summary>
    /// Re-hashes manifest, memory, state and images, reporting progress in bytes. Returns every problem found, each
    /// naming the file, what was expected and what was found; empty when sound. Works on broken revisions as well.
    /// </summary>
    /// <exception cref="TemplatingException">TemplateNotFound.</exception>
    public async Task<IReadOnlyList<string>> VerifyAsync(
        RevisionName name, IProgress<VerifyProgress>? progress, CancellationToken cancellationToken) =>
        name.IsValid && FileStamp.TryRead(_layout.Revision(name)) is not null
            ? await _context.Verifier.VerifyAsync(name, progress, cancellationToken)
            : throw new TemplatingException(ErrorCode.TemplateNotFound, $"There is no {name}.");

    /// <summary>
    /// The check before a revision's first use after a start: like <see cref="VerifyAsync"/>, done once per revision
    /// and process, shared by concurrent callers, remembered as long as size, inode and times of the files stay.
    /// </summary>
    /// <exception cref="TemplatingException">TemplateCorrupt. TemplateNotFound: it was deleted. DiskFull: in memory, without room for its holes.</exception>
    public async Task EnsureVerifiedAsync(Revision revision, CancellationToken cancellationToken)
    {
        // Before they are looked at: it changes their times.
        foreach (var path in revision.Manifest.Images.Select(ImagePath).Prepend(revision.MemoryPath).Where(_context.Medium.LacksBlocks))
        {
            await WorkThread.RunAsync("reserve", () => KeepBlocks(revision.Name, path));
        }

        await _context.Verifier.EnsureAsync(revision, cancellationToken);
    }

    /// <summary>What the last of these checks found wrong; null when all was well, or there was none since the start.</summary>
    public string? FindProblem(RevisionName name) => _context.Verifier.Found(name);

    /// <summary>Removes a revision: renamed away first, so that it is gone at once or not at all.</summary>
    /// <returns>False when there was none.</returns>
    public bool Delete(RevisionName name)
    {
        if (!name.IsValid)
        {
            return false;
        }

        string away;
        lock (_context.Gate)
        {
            var path = _layout.Revision(name);
            if (FileStamp.TryRead(path) is not { } stamp)
            {
                return false;
            }

            if (stamp.IsFolder)
            {
                // Without root a sealed folder can neither be moved nor emptied.
                File.SetUnixFileMode(path, FileSystem.OwnerOnlyFolder);
            }

            away = _context.Own("deleted");
            FileSystem.Rename(path, away);
            _context.Index.Remove(name);
            _context.Verifier.Forget(name);
            FileSystem.SyncFolder(_layout.Template(name.Template));
            _ = FileSystem.TryRemoveEmptyFolder(_layout.Template(name.Template))
                && FileSystem.TryRemoveEmptyFolder(_layout.Tenant(name.Template.Tenant));
        }

        _context.Discard(away);
        return true;
    }

    /// <summary>
    /// What a revision that is published now says of its creation: the time, or a moment after the newest of its template, where the
    /// clock has been set back since that was made.
    /// </summary>
    public DateTimeOffset NextCreation(TemplateName template, DateTimeOffset now)
    {
        lock (_context.Gate)
        {
            return _context.Creations.Next(template, now, _context.Index.Revisions);
        }
    }

    /// <summary>Deletes readable revisions beyond the newest <paramref name="keep"/> that are not in use.</summary>
    /// <returns>Those that went.</returns>
    public IReadOnlyList<RevisionName> Retain(TemplateName template, int keep, Func<RevisionName, bool> inUse)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(keep);
        var surplus = _context.Index.Revisions.Where(r => r.Name.Template == template).Skip(keep).Select(r => r.Name);
        return [.. surplus.Where(name => !inUse(name) && Delete(name))];
    }

    /// <summary>Deletes images no revision names and no build holds, staging folders no build owns, and folders half deleted.</summary>
    public CollectResult Collect()
    {
        lock (_context.Gate)
        {
            var (folders, bytes) = SweepStaging();
            var images = 0;
            if (_context.NeededImages() is { } needed)
            {
                foreach (var path in Directory.EnumerateFiles(_layout.Images).Where(p => Labels.IsSha256(Path.GetFileName(p))))
                {
                    if (needed.Contains(Path.GetFileName(path)))
                    {
                        continue;
                    }

                    _context.Files.Forget(path);
                    bytes += FileSystem.RemoveTree(path);
                    images++;
                }
            }

            if (images + folders > 0)
            {
                _context.Logger.Collected(images, folders, bytes);
            }

            return new CollectResult(images, folders, bytes);
        }
    }

    public void Dispose()
    {
        _files.Dispose();
        _lock.Dispose();
    }

    private bool KeepBlocks(RevisionName name, string path)
    {
        lock (_keeping)
        {
            _context.Medium.Keep(path);
        }

        lock (_context.Gate)
        {
            // It is larger now; where it was deleted meanwhile, it stays so.
            var known = Find(name.Template, name.Revision) is not null ? new StoreScanner(_layout).Load(name).Revision : null;
            if (known is not null)
            {
                _context.Index.Add(known);
            }

            return known is not null;
        }
    }

    private (int Folders, long Bytes) SweepStaging()
    {
        var folders = 0;
        var bytes = 0L;
        foreach (var path in Directory.EnumerateFileSystemEntries(_layout.Staging).Where(p => !_context.IsOwned(p)))
        {
            try
            {
                bytes += FileSystem.RemoveTree(path);
                folders++;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                _context.Logger.RemoveFailed(path, e);
            }
        }

        return (folders, bytes);
    }
}
