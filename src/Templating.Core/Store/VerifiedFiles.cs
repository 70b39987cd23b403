using Microsoft.Extensions.Logging;
using Templating.Core.Linux;

namespace Templating.Core.Store;

/// <summary>
/// Remembers which files were found to have their digest, as long as inode, size and times stay, and lets concurrent
/// callers share one reading. Files, not revisions: templates share images.
/// </summary>
internal sealed class VerifiedFiles(ILogger logger) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _lifetime = new();

    // Hashing is bound by the processor; more readers than processors only delay each other and the clones.
    private readonly SemaphoreSlim _readers = new(Math.Max(1, Environment.ProcessorCount / 2));

    /// <summary>
    /// The problem with a file, or null. A caller who gives up leaves the reading to the others: it belongs to the
    /// store, and ends with it.
    /// </summary>
    public Task<string?> CheckAsync(string path, FileDigest expected, CancellationToken cancellationToken)
    {
        Task<string?> reading;
        lock (_gate)
        {
            var stamp = FileStamp.TryRead(path);
            if (_entries.TryGetValue(path, out var entry) && stamp is { } now && entry.IsFor(now, expected))
            {
                reading = entry.Reading;
            }
            else if (stamp is { } found)
            {
                reading = Task.Run(() => ReadInTurnAsync(path, expected), _lifetime.Token);
                _entries[path] = new Entry(found, expected, reading);
            }
            else
            {
                return Task.FromResult<string?>($"{path} is missing.");
            }
        }

        return reading.WaitAsync(cancellationToken);
    }

    /// <summary>Reads the file whatever is remembered, and remembers what was found.</summary>
    public async Task<string?> CheckAgainAsync(string path, FileDigest expected, Action<long>? progress, CancellationToken cancellationToken)
    {
        var stamp = FileStamp.TryRead(path);
        if (stamp is not { } found)
        {
            return $"{path} is missing.";
        }

        var (problem, remember) = await Task.Run(() => Read(path, expected, progress, cancellationToken), cancellationToken);
        lock (_gate)
        {
            _entries.Remove(path);
            if (remember)
            {
                _entries[path] = new Entry(found, expected, Task.FromResult(problem));
            }
        }

        return problem;
    }

    /// <summary>Takes a file for verified that this process has just written and hashed.</summary>
    public void Remember(string path, FileDigest digest)
    {
        lock (_gate)
        {
            if (FileStamp.TryRead(path) is { } stamp)
            {
                _entries[path] = new Entry(stamp, digest, Task.FromResult<string?>(null));
            }
        }
    }

    public void Forget(string path)
    {
        lock (_gate)
        {
            _entries.Remove(path);
        }
    }

    public void Dispose()
    {
        // Disposing twice is legal, for a host may dispose what its container disposes too.
        if (!_lifetime.IsCancellationRequested)
        {
            _lifetime.Cancel();
            _lifetime.Dispose();
        }
    }

    private async Task<string?> ReadInTurnAsync(string path, FileDigest expected)
    {
        var token = _lifetime.Token;
        await _readers.WaitAsync(token);
        try
        {
            var (problem, remember) = Read(path, expected, progress: null, token);
            if (!remember)
            {
                Forget(path);
            }

            return problem;
        }
        finally
        {
            _readers.Release();
        }
    }

    /// <returns>The problem or null; and whether the next caller may rely on it: a failed read may have been a passing one.</returns>
    private (string? Problem, bool Remember) Read(string path, FileDigest expected, Action<long>? progress, CancellationToken token)
    {
        try
        {
            using var file = FileSystem.OpenRegular(path, LibC.OpenReadOnly, out var before);
            if (before.Size != expected.Size)
            {
                return ($"{path} has {before.Size} bytes, expected are {expected.Size}.", true);
            }

            var started = TimeProvider.System.GetTimestamp();
            var found = new ContentReader(file, path, punch: false).Read(progress, token);
            logger.Verified(path, found.Size, TimeProvider.System.GetElapsedTime(started).TotalMilliseconds);
            if (!FileStamp.Read(file, path).SameContent(before))
            {
                return ($"{path} was changed while it was read.", false);
            }

            return (found == expected ? null : $"{path} has SHA-256 {found.Sha256}, expected is {expected.Sha256}.", true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ($"{path} cannot be read: {e.Message}", false);
        }
    }

    private sealed record Entry(FileStamp Stamp, FileDigest Expected, Task<string?> Reading)
    {
        public bool IsFor(FileStamp stamp, FileDigest expected) =>
            Stamp.SameContent(stamp) && Expected == expected && !Reading.IsFaulted && !Reading.IsCanceled;
    }
}
