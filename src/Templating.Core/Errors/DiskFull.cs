using System.Globalization;
using Templating.Core.Linux;

namespace Templating.Core.Errors;

/// <summary>No room: which file system, what is free on it, and what was needed where that is known.</summary>
internal static class DiskFull
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(10);

    public static bool Is(IOException exception) => exception.HResult is Errno.NoSpace or Errno.QuotaExceeded;

    public static TemplatingException Of(string path, long needed, Exception? inner = null) =>
        Of(path, needed, (inner as IOException)?.HResult ?? Errno.NoSpace, said: "", inner);

    /// <param name="path">What was to be written; empty where that is not known.</param>
    /// <param name="needed">Null where it is not known.</param>
    /// <param name="error">ENOSPC or EDQUOT.</param>
    /// <param name="said">What was tried and the kernel's words, for where there is no path to tell.</param>
    /// <param name="inner">The failure itself, if it is one.</param>
    public static TemplatingException Of(string path, long? needed, int error, string said, Exception? inner)
    {
        var details = new Dictionary<string, string>(StringComparer.Ordinal);
        var free = path.Length == 0 ? null : FreeBytes(path);
        Add("path", path.Length == 0 ? null : path);
        Add("needed_bytes", needed?.ToString(CultureInfo.InvariantCulture));
        Add("free_bytes", free?.ToString(CultureInfo.InvariantCulture));
        return new TemplatingException(ErrorCode.DiskFull, Words(path, needed, free, error, said), inner) { Details = details, RetryAfter = RetryAfter };

        void Add(string key, string? value)
        {
            if (value is not null)
            {
                details[key] = value;
            }
        }
    }

    private static string Words(string path, long? needed, long? free, int error, string said)
    {
        const string Advice = "make room there, or enlarge it; in the store, delete templates or old revisions.";
        var at = path.Length == 0 ? "A filesystem of the node" : $"The filesystem of {path}";
        return (error, needed, free) switch
        {
            (Errno.QuotaExceeded, _, _) => $"{at} has no room for it within the daemon's disk quota: {Advice}",
            (_, { } bytes, { } left) => $"{at} has {left} bytes free and {bytes} are needed: {Advice}",
            (_, null, { } left) => $"{at} is full, in bytes or in inodes ({left} bytes free): {Advice}",
            _ => $"{at} is full ({said.TrimEnd('.')}): {Advice}",
        };
    }

    /// <summary>Of the file system that has it, or the nearest folder above it that there is; null where that cannot be asked.</summary>
    private static long? FreeBytes(string path)
    {
        for (var at = path; !string.IsNullOrEmpty(at); at = Path.GetDirectoryName(at))
        {
            if (Directory.Exists(at))
            {
                try
                {
                    return new DriveInfo(at).AvailableFreeSpace;
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    return null;
                }
            }
        }

        return null;
    }
}
