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
internal sealed class DownloadCache(string folder, TimeProvider time)
{
    /// <summary>How long a file stays that no build uses.</summary>
    private static readonly TimeSpan KeepFor = TimeSpan.FromDays(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _uses = new(StringComparer.Ordinal);
    private readonly HashSet<string> _parts = new(StringComparer.Ordinal);

    public Download? TryUse(string sha256)
    {
        lock (_lock)
        {
            var path = Path.Combine(folder, sha256);
            if (!File.Exists(path))
            {
                return null;
            }

            _uses[sha256] = _uses.GetValueOrDefault(sha256) + 1;
            return new Download(path, () => Release(sha256));
        }
    }

    /// <summary>A name for a file under way; it is nobody else's.</summary>
    public string BeginPart(string sha256)
    {
        FileSystem.MakeFolder(folder, FileSystem.OwnerOnlyFolder);
        var path = Path.Combine(folder, $"{sha256}.{RandomNumberGenerator.GetHexString(16, lowercase: true)}.part");
        lock (_lock)
        {
            _parts.Add(path);
        }

        return path;
    }

    /// <summary>Keeps a complete file; where another was faster, that one stays.</summary>
    public Download Keep(string part, string sha256)
    {
        lock (_lock)
        {
            if (!File.Exists(Path.Combine(folder, sha256)))
            {
                FileSystem.Rename(part, Path.Combine(folder, sha256));
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
        if (!Directory.Exists(folder))
        {
            return;
        }

        lock (_lock)
        {
            foreach (var path in Directory.EnumerateFiles(folder))
            {
                var isPart = path.EndsWith(".part", StringComparison.Ordinal);
                if (isPart ? !_parts.Contains(path)
                    : !_uses.ContainsKey(Path.GetFileName(path)) && time.GetUtcNow().UtcDateTime - File.GetLastWriteTimeUtc(path) > KeepFor)
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
}
