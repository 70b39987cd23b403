using Microsoft.Extensions.Logging;
using Templating.Core.Capacity;
using Templating.Core.Errors;
using Templating.Core.Linux;

namespace Templating.Core.Store;

/// <summary>
/// Remembers which files were found to have their digest, as long as inode, size and times stay, also for the next daemon
/// (<see cref="VerifiedStamps"/>), and lets concurrent callers share one reading. Files, not revisions: templates share images.
/// </summary>
internal sealed class VerifiedFiles(VerifiedStamps stamps, ILogger logger) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry> _entries = stamps.Read().DistinctBy(f => f.Path, StringComparer.Ordinal).ToDictionary(
        f => f.Path, f => new Entry(f.Stamp, new FileDigest(f.Size, f.Sha256), Problem: null), StringComparer.Ordinal);

    private readonly Dictionary<(string Tenant, string Path), (FileStamp Stamp, FileDigest Expected, Task<string?> Reading)> _underWay = [];
    private readonly CancellationTokenSource _lifetime = new();
    private readonly FairTurns _firstUses = Turns("checks before a first use");
    private readonly FairTurns _verifies = Turns("verifications");

    /// <summary>
    /// The problem with a file, or null. A caller who gives up leaves the reading to the others: it belongs to the
    /// store, and ends with it.
    /// </summary>
    /// <param name="tenant">Whose turn it takes. Nobody waits in the queue of another, who may have put much before it.</param>
    /// <param name="path">Of the file.</param>
    /// <param name="expected">What it must be.</param>
    /// <param name="blocks">The same as <see cref="BlockDigest"/>, which is sooner compared; null where that is not known.</param>
    /// <param name="cancellationToken">Of this caller.</param>
    public Task<string?> CheckAsync(string tenant, string path, FileDigest expected, string? blocks, CancellationToken cancellationToken)
    {
        Task<string?> reading;
        lock (_gate)
        {
            if (FileStamp.TryRead(path) is not { } stamp)
            {
                return Task.FromResult<string?>($"{path} is missing.");
            }

            if (Known(path, stamp, expected) is { } known)
            {
                return Task.FromResult(known.Problem);
            }

            var key = (tenant, path);
            if (_underWay.TryGetValue(key, out var other) && other.Stamp.SameContent(stamp) && other.Expected == expected)
            {
                reading = other.Reading;
            }
            else
            {
                reading = Task.Run(() => ReadInTurnAsync(key, stamp, expected, blocks), _lifetime.Token);
                _underWay[key] = (stamp, expected, reading);
            }
        }

        return reading.WaitAsync(cancellationToken);
    }

    /// <summary>Reads the file whatever is remembered, and remembers what was found.</summary>
    public async Task<string?> CheckAgainAsync(
        string tenant, string path, FileDigest expected, Action<long>? progress, CancellationToken cancellationToken)
    {
        using var turn = await _verifies.TakeAsync(tenant, cancellationToken);
        if (FileStamp.TryRead(path) is not { } found)
        {
            return $"{path} is missing.";
        }

        // Nobody's VM waits for it: it gives way to those that do.
        var (problem, remember) = await WorkThread.RunAsync("verify", () => Read(path, expected, blocks: null, progress, cancellationToken), WorkThread.Low);
        lock (_gate)
        {
            _entries.Remove(path);
            if (remember)
            {
                _entries[path] = new Entry(found, expected, problem);
            }

            Keep();
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
                _entries[path] = new Entry(stamp, digest, Problem: null);
                Keep();
            }
        }
    }

    public void Forget(string path)
    {
        lock (_gate)
        {
            if (_entries.Remove(path))
            {
                Keep();
            }
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

    /// <summary>Hashing is bound by the processor; more readers than processors only delay each other and the clones.</summary>
    private static FairTurns Turns(string what)
    {
        var readers = Math.Max(1, Environment.ProcessorCount / 2);
        return new FairTurns(new TurnRules { What = what, InAll = readers, PerTenant = _ => readers }, TimeProvider.System);
    }

    private async Task<string?> ReadInTurnAsync((string Tenant, string Path) key, FileStamp stamp, FileDigest expected, string? blocks)
    {
        var token = _lifetime.Token;
        try
        {
            using var turn = await _firstUses.TakeAsync(key.Tenant, token);
            lock (_gate)
            {
                // Another tenant's turn may have come sooner: images are shared.
                if (Known(key.Path, stamp, expected) is { } known)
                {
                    return known.Problem;
                }
            }

            var (problem, remember) = await WorkThread.RunAsync("first use", () => Read(key.Path, expected, blocks, progress: null, token));
            if (remember)
            {
                lock (_gate)
                {
                    _entries[key.Path] = new Entry(stamp, expected, problem);
                    Keep();
                }
            }

            return problem;
        }
        finally
        {
            lock (_gate)
            {
                // Another content may be read under the same name by now.
                if (_underWay.TryGetValue(key, out var own) && own.Stamp.SameContent(stamp) && own.Expected == expected)
                {
                    _underWay.Remove(key);
                }
            }
        }
    }

    /// <summary>Under the gate. What is wrong with a file is found again.</summary>
    private void Keep() =>
        stamps.Write(_entries.Where(e => e.Value.Problem is null).Select(e => VerifiedFile.Of(e.Key, e.Value.Stamp, e.Value.Expected)));

    private Entry? Known(string path, FileStamp stamp, FileDigest expected) =>
        _entries.TryGetValue(path, out var entry) && entry.Stamp.SameContent(stamp) && entry.Expected == expected ? entry : null;

    /// <returns>The problem or null; and whether the next caller may rely on it: a failed read may have been a passing one.</returns>
    private (string? Problem, bool Remember) Read(string path, FileDigest expected, string? blocks, Action<long>? progress, CancellationToken token)
    {
        try
        {
            using var file = FileSystem.OpenRegular(path, LibC.OpenReadOnly, out var before);
            if (before.Size != expected.Size)
            {
                return ($"{path} has {before.Size} bytes, expected are {expected.Size}.", true);
            }

            var started = TimeProvider.System.GetTimestamp();
            var found = blocks is null ? new ContentReader(file, path, punch: false).Read(progress, token).Sha256 : BlockDigest.Compute(file, path, progress, token);
            logger.Verified(path, before.Size, TimeProvider.System.GetElapsedTime(started).TotalMilliseconds);
            if (!FileStamp.Read(file, path).SameContent(before))
            {
                return ($"{path} was changed while it was read.", false);
            }

            var wanted = blocks ?? expected.Sha256;
            return (string.Equals(found, wanted, StringComparison.Ordinal) ? null
                : $"{path} has {(blocks is null ? "SHA-256" : "block digest")} {found}, expected is {wanted}.", true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException && !HostFailure.IsExhaustion(e))
        {
            return ($"{path} cannot be read: {e.Message}", false);
        }
    }

    private sealed record Entry(FileStamp Stamp, FileDigest Expected, string? Problem);
}
