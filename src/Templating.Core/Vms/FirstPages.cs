using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Templating.Core.Diagnostics;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Core.Machines;
using Templating.Core.Names;

namespace Templating.Core.Vms;

/// <summary>
/// What the clones of a revision use of its files until they are ready, and reads it ahead where the page cache has lost it. A clone whose pages are
/// gone waits for the disk at each of them in turn; read together, they are there before its QEMU is. Learned anew by each daemon, from the first clone
/// of a revision that is ready.
/// </summary>
public sealed class FirstPages(TemplatingMetrics metrics, ILogger<FirstPages> logger)
{
    /// <summary>Larger guests are not looked at: that takes an entry of eight bytes for each page.</summary>
    private const long MostBytes = 16L * 1024 * MachineSpec.MiB;

    /// <summary>Revisions known at once; then the one that was used the longest ago goes.</summary>
    private const int MostKnown = 256;

    /// <summary>Places looked at to see whether the page cache has lost something.</summary>
    private const int Samples = 32;

    private readonly Lock _lock = new();
    private readonly Dictionary<RevisionName, Known> _known = [];
    private long _uses;

    /// <summary>Reads ahead what is known and lost, beside what the caller does.</summary>
    /// <returns>Done when it is asked for; nobody has to wait for it. Never faults.</returns>
    internal Task Fetch(VmSource source)
    {
        Known known;
        lock (_lock)
        {
            if (!_known.TryGetValue(source.Name, out var found) || found.Parts is null || found.IsFetching)
            {
                return Task.CompletedTask;
            }

            known = found;
            (known.IsFetching, known.Used) = (true, ++_uses);
        }

        return Task.Run(async () =>
        {
            try
            {
                await FetchAsync(source, known);
            }
            finally
            {
                lock (_lock)
                {
                    known.IsFetching = false;
                }
            }
        });
    }

    /// <summary>Notes what a clone of it has used that has just become ready, where that is not known.</summary>
    /// <returns>Done when it is noted; nobody has to wait for it. Never faults.</returns>
    internal Task Learn(VmSource source, IVm vm) => Learn(source, () => WorkThread.RunAsync("used-pages", vm.ReadUsedPages, WorkThread.Low));

    /// <inheritdoc cref="Learn(VmSource, IVm)"/>
    /// <param name="source">Its files.</param>
    /// <param name="read">What it has used of its memory, and of each of its images.</param>
    internal Task Learn(VmSource source, Func<Task<IReadOnlyList<IReadOnlyList<FileRange>>>> read)
    {
        lock (_lock)
        {
            if (source.Manifest.Machine.MemoryBytes > MostBytes || !_known.TryAdd(source.Name, new Known { Used = ++_uses }))
            {
                return Task.CompletedTask;
            }

            if (_known.Count > MostKnown)
            {
                _known.Remove(_known.MinBy(known => known.Value.Used).Key);
            }
        }

        return LearnAsync(source, read);
    }

    [SuppressMessage("Design", "CA1031", Justification = "Nothing depends on it; it is logged, and the next clone is looked at.")]
    private async Task LearnAsync(VmSource source, Func<Task<IReadOnlyList<IReadOnlyList<FileRange>>>> read)
    {
        try
        {
            var used = await read();
            IReadOnlyList<(string, IReadOnlyList<FileRange>)> parts =
            [
                (source.StatePath, [new FileRange(0, new FileInfo(source.StatePath).Length)]),
                .. source.ImagePaths.Prepend(source.MemoryPath).Zip(used),
            ];
            lock (_lock)
            {
                if (_known.TryGetValue(source.Name, out var known))
                {
                    known.Parts = parts;
                }
            }

            logger.FirstPagesLearned(source.Name, parts.Sum(part => part.Item2.Sum(range => range.Length)), parts.Sum(part => part.Item2.Count));
        }
        catch (Exception e)
        {
            lock (_lock)
            {
                _known.Remove(source.Name);
            }

            logger.FirstPagesNotLearned(source.Name, HostFailure.Explain(e).Message);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "The clone reads what it needs itself then; it is logged.")]
    private async Task FetchAsync(VmSource source, Known known)
    {
        try
        {
            if (known.Parts!.Any(part => IsLost(part.Path, part.Ranges)))
            {
                var bytes = await WorkThread.RunAsync("read-ahead", () => known.Parts!.Sum(part => ReadAhead(part.Path, part.Ranges)));
                metrics.ReadAhead(bytes);
                logger.FirstPagesFetched(source.Name, bytes);
            }
        }
        catch (Exception e)
        {
            logger.FirstPagesNotFetched(source.Name, HostFailure.Explain(e).Message);
        }
    }

    private static bool IsLost(string path, IReadOnlyList<FileRange> ranges)
    {
        using var file = FileSystem.OpenRegular(path, LibC.OpenReadOnly, out _);
        var step = Math.Max(1, ranges.Count / Samples);
        for (var i = 0; i < ranges.Count; i += step)
        {
            // The end of it: the kernel keeps what lies at the beginning of a file for longer than the rest.
            if (PageCache.Lacks(file, ranges[i].Offset + ranges[i].Length - 1))
            {
                return true;
            }
        }

        return false;
    }

    private static long ReadAhead(string path, IReadOnlyList<FileRange> ranges)
    {
        using var file = FileSystem.OpenRegular(path, LibC.OpenReadOnly, out _);
        foreach (var range in ranges)
        {
            PageCache.ReadAhead(file, range.Offset, range.Length);
        }

        return ranges.Sum(range => range.Length);
    }

    /// <summary>Of one revision.</summary>
    private sealed class Known
    {
        /// <summary>Null while it is learned.</summary>
        public IReadOnlyList<(string Path, IReadOnlyList<FileRange> Ranges)>? Parts { get; set; }

        public bool IsFetching { get; set; }

        public long Used { get; set; }
    }
}
