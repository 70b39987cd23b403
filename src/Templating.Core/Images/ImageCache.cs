using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using Templating.Contract;
using Templating.Core.Capacity;
using Templating.Core.Diagnostics;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Core.Store;

namespace Templating.Core.Images;

/// <summary>The node's images of root filesystems: made once, kept while somebody holds them or there is room.</summary>
public sealed class ImageCache : IImageCache
{
    /// <summary>At once in all: each keeps a CPU and the disk busy.</summary>
    private const int MaxInAll = 2;

    /// <summary>The next are refused: who starts containers asks again.</summary>
    private const int MaxWaiting = 64;

    private readonly ImageOptions _options;
    private readonly IImageBuilder _builder;
    private readonly TemplatingMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<ImageCache> _logger;
    private readonly ImageShelf _shelf;
    private readonly ImageFolders _folders;
    private readonly ImageMaker _maker;
    private readonly ImageFlights _flights = new();
    private readonly FairTurns _builds;
    private readonly FairTurns _looks;
    private readonly bool _isInMemory;

    public ImageCache(ImageOptions options, IImageBuilder builder, TemplatingMetrics metrics, TimeProvider time, ILogger<ImageCache> logger)
    {
        (_options, _builder, _metrics, _time, _logger) = (options, builder, metrics, time, logger);
        _shelf = new ImageShelf(options.Root, time, logger);
        var medium = StoreMedium.Of(options.Root);
        _isInMemory = medium.IsMemory;
        _folders = new ImageFolders(options.Folders);
        _maker = new ImageMaker(options, builder, medium);
        _builds = Turns("images", MaxInAll);
        _looks = Turns("folders to be published", 2 * MaxInAll);
        metrics.ObserveBytes("templating.images.size", "Bytes of the images in the node's cache.", () => _shelf.Bytes);
    }

    /// <summary>Of the host's memory what the images take: 0 where they lie on a disk.</summary>
    public long MemoryBytes => _isInMemory ? _shelf.Bytes : 0;

    /// <summary>The image of a source, made where it is not there yet. However many ask for the same at once, it is made once.</summary>
    /// <exception cref="TemplatingException">InvalidArgument, ImageBuildFailed, NodeCapacityExhausted, DiskFull.</exception>
    public async Task<ImageView> PublishAsync(string tenant, ImageSource source, CancellationToken cancellationToken)
    {
        using var opened = Open(source);
        var record = source switch
        {
            ImageSource.File => await PublishFileAsync(tenant, opened, cancellationToken),
            ImageSource.Folder => await PublishFolderAsync(tenant, opened, cancellationToken),
            _ => await PublishLayersAsync(tenant, opened, cancellationToken),
        };

        return _shelf.Get(tenant, record.Digest);
    }

    public ImageView Get(string tenant, string digest) => _shelf.Get(tenant, digest);

    public IReadOnlyList<ImageView> List(string? tenant) => _shelf.List(tenant);

    public ImageLease Acquire(string tenant, string digest) => _shelf.Acquire(tenant, digest);

    public void Delete(string tenant, string digest) => _shelf.Delete(tenant, digest);

    /// <summary>Removes what is more than the cache may have and nobody holds, and what was left half.</summary>
    public (int Images, long Bytes) Collect() => _shelf.Shrink(_options.CacheBytes);

    private FairTurns Turns(string what, int inAll) =>
        new(new TurnRules { What = what, InAll = inAll, PerTenant = _ => inAll, MaxWaiting = MaxWaiting }, _time);

    private OpenedImage Open(ImageSource source)
    {
        var faults = new Faults();
        var parts = new List<(SafeFileHandle Handle, string Path)>();
        var opened = new OpenedImage(parts);
        try
        {
            switch (source)
            {
                case ImageSource.File file:
                    Add(_folders.OpenFile("file", file.Path, faults));
                    break;
                case ImageSource.Folder folder:
                    Add(_folders.OpenFolder("folder", folder.Path, faults));
                    break;
                case ImageSource.Layers { Paths: var paths }:
                    faults.Require(paths.Count is > 0 and <= ImageFolders.MaxLayers, "layers.lowerdirs",
                        $"There are {paths.Count} folders; give 1 to {ImageFolders.MaxLayers}, the top one first.");
                    foreach (var (i, path) in paths.Take(ImageFolders.MaxLayers).Index())
                    {
                        Add(_folders.OpenFolder($"layers.lowerdirs[{i}]", path, faults));
                    }

                    break;
            }

            faults.ThrowIfAny();
            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }

        void Add(SafeFileHandle? handle)
        {
            if (handle is not null)
            {
                parts.Add((handle, ImageFolders.RealPath(handle)));
            }
        }
    }

    private async Task<ImageRecord> PublishLayersAsync(string tenant, OpenedImage opened, CancellationToken cancellationToken)
    {
        const string Field = "layers.lowerdirs";
        var key = ImageKeys.OfLayers(opened.Parts.Select(part => (part.Path, FileStamp.Read(part.Handle, part.Path))), _builder.Version);
        var publishing = PublishAsync(tenant, key, () => _builder.Merge(opened.Handles, isOverlay: true), async (tree, path, token) =>
        {
            await ScanAsync(Field, tree, token);
            var (file, inodes) = await _maker.MakeTreeAsync(Field, tree, path, token);
            return (file, inodes, ImageKind.Tree);
        }, cancellationToken);

        // What is needed of them is merged by now, or will never be: who waits for a turn holds no hundred descriptors.
        opened.Dispose();
        return await publishing;
    }

    private async Task<ImageRecord> PublishFolderAsync(string tenant, OpenedImage opened, CancellationToken cancellationToken)
    {
        const string Field = "folder";
        using var look = _builder.Merge(opened.Handles, isOverlay: false);
        TreeScan before;
        using (await _looks.TakeAsync(tenant, cancellationToken))
        {
            before = await ScanAsync(Field, look, cancellationToken);
        }

        var key = ImageKeys.OfFolder(opened.Parts[0].Path, before, _builder.Version);
        return await PublishAsync(tenant, key, () => _builder.Merge(opened.Handles, isOverlay: false), async (tree, path, token) =>
        {
            var (file, inodes) = await _maker.MakeTreeAsync(Field, tree, path, token);
            var after = await ScanAsync(Field, tree, token);
            return string.Equals(after.Stamp, before.Stamp, StringComparison.Ordinal)
                ? (file, inodes, ImageKind.Tree)
                : throw new TemplatingException(ErrorCode.IllegalState, "The folder changed while its image was made: stop whatever writes to it and try again.");
        }, cancellationToken);
    }

    private async Task<ImageRecord> PublishFileAsync(string tenant, OpenedImage opened, CancellationToken cancellationToken)
    {
        const string Field = "file";
        var (source, name) = opened.Parts[0];
        var before = FileStamp.Read(source, name);
        _maker.RequireSize(Field, before.Size);
        return await PublishAsync(tenant, ImageKeys.OfFile(name, before), () => FileSystem.OpenLink($"/proc/self/fd/{source.DangerousGetHandle()}"), async (copy, path, token) =>
        {
            var file = await _maker.CopyAsync(Field, copy, path, token);
            return FileStamp.Read(copy, name).SameContent(before)
                ? (file, 0, ImageKind.File)
                : throw new TemplatingException(ErrorCode.IllegalState, "The file changed while it was read: stop whatever writes to it and try again.");
        }, cancellationToken);
    }

    private async Task<TreeScan> ScanAsync(string field, SafeFileHandle tree, CancellationToken cancellationToken)
    {
        try
        {
            return await WorkThread.RunAsync("image-scan", () => _maker.Scan(field, tree, cancellationToken));
        }
        catch (IOException e) when (HostFailure.Find(e) is null)
        {
            throw new TemplatingException(ErrorCode.IllegalState, $"The tree changed while it was looked at: stop whatever writes to it and try again. {e.Message}", e);
        }
    }

    /// <param name="tenant">Whose it becomes.</param>
    /// <param name="key">Of <see cref="ImageKeys"/>.</param>
    /// <param name="open">What is read, opened once more: the work may outlive who began it.</param>
    /// <param name="make">Writes the file and seals it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    private async Task<ImageRecord> PublishAsync(
        string tenant, string key, Func<SafeFileHandle> open,
        Func<SafeFileHandle, string, CancellationToken, Task<(FileDigest File, long Inodes, ImageKind Kind)>> make, CancellationToken cancellationToken)
    {
        if (_shelf.TryShare(tenant, key) is { } known)
        {
            _metrics.ImageFound();
            return known;
        }

        var record = await _flights.JoinAsync(key, () =>
        {
            var source = open();
            return async token =>
            {
                using (source)
                {
                    return await MakeAsync(tenant, key, source, make, token);
                }
            };
        }, cancellationToken);

        // Of another tenant's work it is this one's, too.
        return _shelf.TryShare(tenant, key) ?? record;
    }

    private async Task<ImageRecord> MakeAsync(
        string tenant, string key, SafeFileHandle source,
        Func<SafeFileHandle, string, CancellationToken, Task<(FileDigest File, long Inodes, ImageKind Kind)>> make, CancellationToken cancellationToken)
    {
        using var turn = await _builds.TakeAsync(tenant, cancellationToken);
        if (_shelf.TryShare(tenant, key) is { } known)
        {
            _metrics.ImageFound();
            return known;
        }

        var start = _time.GetTimestamp();
        var part = _shelf.BeginPart();
        var isMade = false;
        try
        {
            var (file, inodes, kind) = await make(source, part, cancellationToken);
            var now = _time.GetUtcNow();
            using var hold = _shelf.Keep(part, new ImageRecord
            {
                FormatVersion = ImageRecord.CurrentVersion,
                Digest = file.Sha256,
                Kind = kind,
                Bytes = file.Size,
                Inodes = inodes,
                CreatedAt = now,
                LastUse = now,
                Keys = [key],
                Tenants = [tenant],
                Device = 0,
                Inode = 0,
                Modified = 0,
                Changed = 0,
            }, out var record);
            RequireRoom(tenant, record, hold);
            isMade = true;
            _logger.ImagePublished(record.Digest, record.Bytes >> 20, inodes, _time.GetElapsedTime(start).TotalSeconds);
            return record;
        }
        finally
        {
            _shelf.EndPart(part);
            _metrics.ImageBuild(_time.GetElapsedTime(start), isMade);
        }
    }

    /// <exception cref="TemplatingException">NodeCapacityExhausted.</exception>
    private void RequireRoom(string tenant, ImageRecord record, ImageLease hold)
    {
        _shelf.Shrink(_options.CacheBytes);
        if (_shelf.Bytes > _options.CacheBytes && record.LastUse == record.CreatedAt)
        {
            hold.Dispose();
            _shelf.Delete(tenant, record.Digest);
            throw new TemplatingException(
                ErrorCode.NodeCapacityExhausted,
                $"The image has {record.Bytes} bytes, and of the {_options.CacheBytes} that all images may have the rest is held by clones. "
                + "Delete some, or ask the operator to raise --images-cache-bytes.")
            { RetryAfter = TimeSpan.FromSeconds(30) };
        }
    }
}
