using Templating.OwnerPort.Frames;

namespace Templating.OwnerPort.Requests;

/// <summary>What the guest's kernel counts of a container's cgroup; null for what it does not know, or has no limit for. The guest may lie.</summary>
public sealed record ContainerCounts
{
    private const int Count = 14;

    /// <summary>Bytes.</summary>
    public ulong? MemoryCurrent { get; init; }

    /// <summary>Bytes.</summary>
    public ulong? MemoryPeak { get; init; }

    /// <summary>Bytes.</summary>
    public ulong? MemoryMax { get; init; }

    /// <summary>Bytes of memory that no file stands behind.</summary>
    public ulong? MemoryAnonymous { get; init; }

    /// <summary>Bytes of files that nobody has read lately.</summary>
    public ulong? MemoryInactiveFile { get; init; }

    /// <summary>How often it stood at its limit.</summary>
    public ulong? MemoryMaxEvents { get; init; }

    /// <summary>How many of its processes were killed for want of memory.</summary>
    public ulong? OutOfMemoryKills { get; init; }

    /// <summary>Microseconds.</summary>
    public ulong? CpuMicroseconds { get; init; }

    /// <summary>Microseconds in user mode.</summary>
    public ulong? CpuUserMicroseconds { get; init; }

    /// <summary>Microseconds in the kernel.</summary>
    public ulong? CpuSystemMicroseconds { get; init; }

    /// <summary>Periods in which it was held back.</summary>
    public ulong? CpuThrottledPeriods { get; init; }

    /// <summary>Microseconds for which it was held back.</summary>
    public ulong? CpuThrottledMicroseconds { get; init; }

    /// <summary>Processes and threads.</summary>
    public ulong? PidsCurrent { get; init; }

    /// <summary>Processes and threads.</summary>
    public ulong? PidsMax { get; init; }

    internal static ContainerCounts Read(ReadOnlySpan<byte> payload)
    {
        var fields = new FieldReader(FrameType.Done, payload);
        Span<ulong> values = stackalloc ulong[Count];
        foreach (ref var value in values)
        {
            value = fields.U64();
        }

        fields.End();
        return new ContainerCounts
        {
            MemoryCurrent = Known(values[0]),
            MemoryPeak = Known(values[1]),
            MemoryMax = Known(values[2]),
            MemoryAnonymous = Known(values[3]),
            MemoryInactiveFile = Known(values[4]),
            MemoryMaxEvents = Known(values[5]),
            OutOfMemoryKills = Known(values[6]),
            CpuMicroseconds = Known(values[7]),
            CpuUserMicroseconds = Known(values[8]),
            CpuSystemMicroseconds = Known(values[9]),
            CpuThrottledPeriods = Known(values[10]),
            CpuThrottledMicroseconds = Known(values[11]),
            PidsCurrent = Known(values[12]),
            PidsMax = Known(values[13]),
        };
    }

    private static ulong? Known(ulong value) => value == ulong.MaxValue ? null : value;
}
