using System.Security.Cryptography;
using Templating.Core.Capacity;
using Templating.Core.Linux;

namespace Templating.Core.Downloads;

/// <summary>
/// Fetched files by their digest, each tenant's in a folder of its own: what one fetched takes no room of another's, and to know a
/// digest is not to have the file.
/// <code>
/// FOLDER/TENANT/SHA256                    complete and checked
/// FOLDER/TENANT/SHA256.RANDOM.part        under way
/// </code>
/// </summary>
internal sealed class DownloadCache(string folder, ITenantLimits limits, TimeProvider time)
{
    /// <summary>How long a file stays that no build uses.</summary>
    private static readonly TimeSpan KeepFor = TimeSpan.FromDays(1);

    private readonly Lock _lock = new();

    /// <summary>How many use a complete file, by its path.</summary>
    private readonly Dictionary<string, int> _uses = new(StringComparer.Ordinal);

    /// <summary>How large a file under way is, or is known to become, by its path.</summary>
    private readonly Dictionary<string, long> _parts = new(StringComparer.Ordinal);

    public Download? TryUse(string tenant, string sha256)
    {
        lock (_lock)
        {
            var path = Path.Combine(folder, tenant, sha256);
            if (!File.Exists(path))
            {
                return null;
            }

            _uses[path] = _uses.GetValueOrDefault(path) + 1;
            return new Download(path, () => Release(path));
        }
    }

    /// <summary>A name for a file under way; it is nobody else's.</summary>
    public string BeginPart(string tenant, string sha256)
    {
        FileSystem.MakeFolder(folder, FileSystem.OwnerOnlyFolder);
        FileSystem.MakeFolder(Path.Combine(folder, tenant), FileSystem.OwnerOnlyFolder);
        var path = Path.Combine(folder, tenant, $"{sha256}.{RandomNumberGenerator.GetHexString(16, lowercase: true)}.part");
        lock (_lock)
        {
            _parts.Add(path, 0);
        }

        return path;
    }

    /// <summary>Makes room for a file under way to have so many bytes; the tenant's own unused files go for it, the oldest first.</summary>
    /// <exception cref="Errors.TemplatingException">TenantQuotaExhausted.</exception>
    public void Grow(string tenant, string part, long bytes)
    {
        var limit = limits.Of(tenant).DownloadBytes;
        lock (_lock)
        {
            _parts[part] = Math.Max(_parts[part], bytes);
            var own = Path.Combine(folder, tenant) + "/";
            var files = Files(own);
            var total = _parts.Where(p => p.Key.StartsWith(own, StringComparison.Ordinal)).Sum(p => p.Value) + files.Sum(f => f.Length);
            foreach (var file in files.Where(f => !_uses.ContainsKey(f.FullName)).OrderBy(f => f.LastWriteTimeUtc).TakeWhile(_ => total > limit))
            {
                total -= file.Length;
                file.Delete();
            }

            if (total > limit)
            {
                throw TenantRefusals.Quota(
                    tenant, "downloadBytes", $"{TenantRefusals.MiB(total)} of fetched files", TenantRefusals.MiB(limit), "Wait until the builds that use them are done");
            }
        }
    }

    /// <summary>Keeps a complete file; where another was faster, that one stays.</summary>
    public Download Keep(string tenant, string part, string sha256)
    {
        lock (_lock)
        {
            var path = Path.Combine(folder, tenant, sha256);
            if (!File.Exists(path))
            {
                FileSystem.Rename(part, path);
                _parts.Remove(part);
            }

            return TryUse(tenant, sha256)!;
        }
    }

    public void EndPart(string part)
    {
        File.Delete(part);
        lock (_lock)
        {
            _parts.Remove(part);
        }
    }

    /// <summary>Deletes what no build uses and is older than a day, and what killed downloads left.</summary>
    public void Collect()
    {
        if (!Directory.Exists(folder))
        {
            return;
        }

        lock (_lock)
        {
            foreach (var path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            {
                var isPart = path.EndsWith(".part", StringComparison.Ordinal);
                if (isPart ? !_parts.ContainsKey(path)
                    : !_uses.ContainsKey(path) && time.GetUtcNow().UtcDateTime - File.GetLastWriteTimeUtc(path) > KeepFor)
                {
                    File.Delete(path);
                }
            }
        }
    }

    /// <summary>The complete ones.</summary>
    private static FileInfo[] Files(string own) =>
        [.. new DirectoryInfo(own).EnumerateFiles().Where(f => !f.Name.EndsWith(".part", StringComparison.Ordinal))];

    private void Release(string path)
    {
        lock (_lock)
        {
            if (--_uses[path] == 0)
            {
                _uses.Remove(path);
            }
        }
    }
}
