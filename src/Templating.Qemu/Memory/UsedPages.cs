using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Templating.Core.Errors;
using Templating.Core.Machines;

namespace Templating.Qemu.Memory;

/// <summary>Which pages of its guest's files a process has used: proc_pid_pagemap(5).</summary>
internal static class UsedPages
{
    public const int PageBytes = 4096;

    /// <summary>So many unused ones in between are read along: a disk takes longer for another request.</summary>
    public const int Gap = 8;

    /// <summary>Of one file. Where there are more parts than that, larger gaps are read along.</summary>
    public const int MostRanges = 1024;

    private const ulong Present = 1UL << 63;
    private const ulong Swapped = 1UL << 62;
    private const int PagesAtOnce = 8192;

    /// <summary>Of each file in turn.</summary>
    public static IReadOnlyList<IReadOnlyList<FileRange>> Read(int pid, IReadOnlyList<GuestFile> files)
    {
        var runs = files.Select(_ => new List<(long First, long Last)>()).ToList();
        try
        {
            using var map = File.OpenHandle($"/proc/{pid}/pagemap");
            foreach (var line in File.ReadLines($"/proc/{pid}/maps"))
            {
                if (Mapping.Parse(line) is { } mapping
                    && files.Select((file, i) => (File: file, Index: i)).FirstOrDefault(f => f.File.Is(mapping)) is { File: not null } found)
                {
                    Add(map, mapping, runs[found.Index]);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw HostFailure.Find(e) ?? new TemplatingException(ErrorCode.QemuExited, $"The pages of process {pid} cannot be read: {e.Message}", e);
        }

        return runs.ConvertAll(Merge);
    }

    /// <param name="runs">Numbers of pages, the last one included, in whatever order.</param>
    public static IReadOnlyList<FileRange> Merge(List<(long First, long Last)> runs)
    {
        runs.Sort();
        for (var gap = (long)Gap; ; gap *= 2)
        {
            var ranges = new List<FileRange>();
            (long First, long Last)? open = null;
            foreach (var run in runs)
            {
                if (open is { } near && run.First - near.Last - 1 <= gap)
                {
                    open = (near.First, Math.Max(near.Last, run.Last));
                    continue;
                }

                AddTo(ranges, open);
                open = run;
            }

            AddTo(ranges, open);
            if (ranges.Count <= MostRanges)
            {
                return ranges;
            }
        }
    }

    private static void AddTo(List<FileRange> ranges, (long First, long Last)? run)
    {
        if (run is var (first, last))
        {
            ranges.Add(new FileRange(first * PageBytes, (last - first + 1) * PageBytes));
        }
    }

    private static void Add(SafeFileHandle map, in Mapping mapping, List<(long First, long Last)> runs)
    {
        var entries = new ulong[PagesAtOnce];
        var count = (mapping.End - mapping.Start) / PageBytes;
        for (var done = 0L; done < count;)
        {
            var part = MemoryMarshal.AsBytes(entries.AsSpan(0, (int)Math.Min(PagesAtOnce, count - done)));
            var read = RandomAccess.Read(map, part, ((mapping.Start / PageBytes) + done) * sizeof(ulong)) / sizeof(ulong);
            if (read == 0)
            {
                return;
            }

            for (var i = 0; i < read; i++)
            {
                if ((entries[i] & (Present | Swapped)) == 0)
                {
                    continue;
                }

                var page = (mapping.Offset / PageBytes) + done + i;
                if (runs is [.., var (first, last)] && last == page - 1)
                {
                    runs[^1] = (first, page);
                }
                else
                {
                    runs.Add((page, page));
                }
            }

            done += read;
        }
    }
}
