using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Templating.Contract;
using Templating.Core.Errors;
using Templating.Core.Linux;

namespace Templating.Core.Images;

/// <summary>
/// The images on disk, whose they are, and who holds them.
/// <code>
/// ROOT/DIGEST          an image, sealed
/// ROOT/DIGEST.json     what is known of it; one without the other is removed
/// ROOT/RANDOM.part     under way; swept at start
/// </code>
/// </summary>
internal sealed class ImageShelf
{
    private const string PartEnding = ".part";

    /// <summary>How old the time of the last use on disk may be: it only says which image goes first.</summary>
    private static readonly TimeSpan UseStep = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly string _root;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Dictionary<string, ImageRecord> _records = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _keys = new(StringComparer.Ordinal);
    private readonly ImageUses _uses = new();
    private readonly HashSet<string> _parts = new(StringComparer.Ordinal);

    public ImageShelf(string root, TimeProvider time, ILogger logger)
    {
        (_root, _time, _logger) = (root, time, logger);
        FileSystem.MakeFolder(root, FileSystem.PassThroughFolder);
        foreach (var path in Directory.EnumerateFiles(root, "*" + ImageRecordFile.Ending))
        {
            Load(path);
        }

        Sweep();
    }

    public long Bytes
    {
        get
        {
            lock (_lock)
            {
                return _records.Values.Sum(r => r.Bytes);
            }
        }
    }

    public string PathOf(string digest) => Path.Combine(_root, digest);

    /// <summary>An image that was published of the same, which is the tenant's from now on; null where there is none.</summary>
    public ImageRecord? TryShare(string tenant, string key)
    {
        lock (_lock)
        {
            return _keys.TryGetValue(key, out var digest) ? Share(_records[digest], tenant, key) : null;
        }
    }

    /// <summary>A name for a file under way; it is nobody else's.</summary>
    public string BeginPart()
    {
        var path = Path.Combine(_root, RandomNumberGenerator.GetHexString(32, lowercase: true) + PartEnding);
        lock (_lock)
        {
            _parts.Add(path);
        }

        return path;
    }

    public void EndPart(string part)
    {
        File.Delete(part);
        lock (_lock)
        {
            _parts.Remove(part);
        }
    }

    /// <summary>Keeps a sealed file; where its bytes are there already, those stay.</summary>
    /// <param name="part">The file.</param>
    /// <param name="record">Of one key and one tenant.</param>
    /// <param name="kept">As it is on the disk.</param>
    public ImageLease Keep(string part, ImageRecord record, out ImageRecord kept)
    {
        lock (_lock)
        {
            var (key, tenant) = (record.Keys[0], record.Tenants[0]);
            kept = _records.TryGetValue(record.Digest, out var known) ? Share(known, tenant, key) : Place(part, record);
            return Lease(kept, tenant);
        }
    }

    /// <exception cref="TemplatingException">ImageNotFound.</exception>
    public ImageView Get(string tenant, string digest)
    {
        lock (_lock)
        {
            return View(Require(tenant, digest), tenant);
        }
    }

    /// <param name="tenant">Null for all.</param>
    public IReadOnlyList<ImageView> List(string? tenant)
    {
        lock (_lock)
        {
            return
            [
                .. _records.Values
                    .SelectMany(record => record.Tenants.Where(t => tenant is null || string.Equals(t, tenant, StringComparison.Ordinal)).Select(t => View(record, t)))
                    .OrderBy(view => view.Tenant, StringComparer.Ordinal).ThenBy(view => view.Digest, StringComparer.Ordinal),
            ];
        }
    }

    /// <exception cref="TemplatingException">ImageNotFound.</exception>
    public ImageLease Acquire(string tenant, string digest)
    {
        lock (_lock)
        {
            return Lease(Touch(Require(tenant, digest)), tenant);
        }
    }

    /// <summary>Takes it from a tenant; the last one's goes from the disk.</summary>
    /// <exception cref="TemplatingException">ImageNotFound. ImageInUse: a clone of the tenant's holds it.</exception>
    public void Delete(string tenant, string digest)
    {
        lock (_lock)
        {
            var record = Require(tenant, digest);
            if (_uses.Of(digest, tenant) is > 0 and var uses)
            {
                throw new TemplatingException(
                    ErrorCode.ImageInUse, $"Image {digest} of tenant '{tenant}' is held by {uses} of its clones. Delete those first.");
            }

            string[] left = [.. record.Tenants.Where(t => !string.Equals(t, tenant, StringComparison.Ordinal))];
            if (left.Length > 0)
            {
                Save(record with { Tenants = left });
            }
            else
            {
                Remove(record);
            }
        }
    }

    /// <summary>Removes images nobody holds, the longest unused first, until all have no more than so many bytes; and what was left half.</summary>
    /// <returns>How many went, and their bytes.</returns>
    public (int Images, long Bytes) Shrink(long bytes)
    {
        lock (_lock)
        {
            var total = _records.Values.Sum(r => r.Bytes);
            var (count, freed) = (0, Sweep());
            foreach (var record in _records.Values.Where(r => !IsHeld(r)).OrderBy(r => r.LastUse).ToList().TakeWhile(_ => total > bytes))
            {
                total -= record.Bytes;
                freed += Remove(record);
                count++;
            }

            return (count, freed);
        }
    }

    private ImageRecord Place(string part, ImageRecord record)
    {
        var path = PathOf(record.Digest);
        FileSystem.Rename(part, path);
        FileSystem.SyncFolder(_root);
        var stamp = FileStamp.TryRead(path) ?? throw new IOException($"{path} is gone.");
        return Save(record with { Device = stamp.Device, Inode = stamp.Inode, Modified = stamp.ModifiedNanoseconds, Changed = stamp.ChangedNanoseconds });
    }

    private ImageLease Lease(ImageRecord record, string tenant) =>
        new(record.Digest, PathOf(record.Digest), record.Bytes, _uses.Add(record.Digest, tenant));

    private ImageRecord Require(string tenant, string digest) =>
        _records.TryGetValue(digest, out var record) && record.Tenants.Contains(tenant, StringComparer.Ordinal)
            ? record
            : throw new TemplatingException(
                ErrorCode.ImageNotFound, $"Tenant '{tenant}' has published no image {Quote.Text(digest)} that is still here. Publish it (again).");

    private bool IsHeld(ImageRecord record) => record.Tenants.Any(tenant => _uses.Of(record.Digest, tenant) > 0);

    private ImageRecord Share(ImageRecord record, string tenant, string key)
    {
        if (record.Tenants.Contains(tenant, StringComparer.Ordinal) && record.Keys.Contains(key, StringComparer.Ordinal))
        {
            return Touch(record);
        }

        return Save(record with
        {
            LastUse = _time.GetUtcNow(),
            Tenants = [.. record.Tenants.Union([tenant], StringComparer.Ordinal)],
            Keys = [.. record.Keys.Union([key], StringComparer.Ordinal).TakeLast(ImageRecord.MaxKeys)],
        });
    }

    private ImageRecord Touch(ImageRecord record) =>
        _time.GetUtcNow() - record.LastUse < UseStep ? record : Save(record with { LastUse = _time.GetUtcNow() });

    private ImageRecord Save(ImageRecord record)
    {
        ImageRecordFile.Write(PathOf(record.Digest) + ImageRecordFile.Ending, record);
        Enter(record);
        return record;
    }

    private void Enter(ImageRecord record)
    {
        _records[record.Digest] = record;
        foreach (var key in record.Keys)
        {
            _keys[key] = record.Digest;
        }
    }

    /// <summary>The record first: an image without one is swept.</summary>
    private long Remove(ImageRecord record)
    {
        _records.Remove(record.Digest);
        foreach (var key in record.Keys.Where(key => string.Equals(_keys.GetValueOrDefault(key), record.Digest, StringComparison.Ordinal)))
        {
            _keys.Remove(key);
        }

        File.Delete(PathOf(record.Digest) + ImageRecordFile.Ending);
        return FileSystem.RemoveTree(PathOf(record.Digest));
    }

    private ImageView View(ImageRecord record, string tenant) => new()
    {
        Tenant = tenant,
        Digest = record.Digest,
        Kind = record.Kind,
        Bytes = record.Bytes,
        Inodes = record.Inodes,
        CreatedAt = record.CreatedAt,
        LastUse = record.LastUse,
        Uses = _uses.Of(record.Digest, tenant),
    };

    private void Load(string path)
    {
        var record = ImageRecordFile.Read(path, out var problem);
        if (record is not null)
        {
            if (FileStamp.TryRead(PathOf(record.Digest)) is { IsRegularFile: true } stamp && record.IsOf(stamp))
            {
                Enter(record);
                return;
            }

            problem = "its image is gone, or is another file than the one that was published";
        }

        _logger.ImageForgotten(path, problem);
    }

    /// <summary>What no image that is known is made of: of a killed daemon, or damaged.</summary>
    private long Sweep()
    {
        var freed = 0L;
        foreach (var path in Directory.EnumerateFileSystemEntries(_root))
        {
            if (_parts.Contains(path) || _records.ContainsKey(Path.GetFileName(path)) || _records.ContainsKey(Path.GetFileNameWithoutExtension(path)))
            {
                continue;
            }

            try
            {
                freed += FileSystem.RemoveTree(path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                _logger.ImageNotRemoved(path, e.Message);
            }
        }

        return freed;
    }
}
