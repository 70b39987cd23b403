using System.Security.Cryptography;
using Templating.Core.Linux;

namespace Templating.Core.Downloads;

/// <summary>
/// Fetched files by their digest, shared by all that name it:
/// <code>
/// FOLDER/SHA256                    complete and checked
/// FOLDER/SHA256.RANDOM.part        under way
/// </code>
/// </summary>
internal sealed class DownloadCache(DownloadOptions options, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _uses = new(StringComparer.Ordinal);
    private readonly HashSet<string> _parts = new(StringComparer.Ordinal);

    public IDownload? TryUse(string sha256)
    {
        lock (_lock)
        {
            var path = Path.Combine(options.Folder, sha256);
            if (!File.Exists(path))
            {
                return null;
            }

            _uses[sha256] = _uses.GetValueOrDefault(sha256) + 1;
            return new Use(this, sha256, path);
        }
    }

    /// <summary>A name for a file under way; it is nobody else's.</summary>
    public string BeginPart(string sha256)
    {
        FileSystem.MakeFolder(options.Folder, FileSystem.OwnerOnlyFolder);
        var path = Path.Combine(options.Folder, $"{sha256}.{RandomNumberGenerator.GetHexString(16, lowercase: true)}.part");
        lock (_lock)
        {
            _parts.Add(path);
        }

        return path;
    }

    /// <summary>Keeps a complete file; where another was faster, that one stays.</summary>
    public IDownload Keep(string part, string sha256)
    {
        lock (_lock)
        {
            if (!File.Exists(Path.Combine(options.Folder, sha256)))
            {
                FileSystem.Rename(part, Path.Combine(options.Folder, sha256));
            }

            return TryUse(sha256)!;
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
        if (!Directory.Exists(options.Folder))
        {
            return;
        }

        lock (_lock)
        {
            foreach (var path in Directory.EnumerateFiles(options.Folder))
            {
                var isPart = path.EndsWith(".part", StringComparison.Ordinal);
                if (isPart ? !_parts.Contains(path)
                    : !_uses.ContainsKey(Path.GetFileName(path)) && time.GetUtcNow().UtcDateTime - File.GetLastWriteTimeUtc(path) > options.KeepFor)
                {
                    File.Delete(path);
                }
            }
        }
    }

    private void Release(string sha256)
    {
        lock (_lock)
        {
            if (--_uses[sha256] == 0)
            {
                _uses.Remove(sha256);
            }
        }
    }

    private sealed class Use(DownloadCache cache, string sha256, string path) : IDownload
    {
        private int _released;

        public string Path => path;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _released, 1) == 0)
            {
                cache.Release(sha256);
            }
        }
    }
}
