using Google.Protobuf.WellKnownTypes;
using Templating.OwnerPort.Requests;
using Templating.Shim.Events;
using CgroupV1 = Templating.Shim.Protocol.CgroupsV1;
using CgroupV2 = Templating.Shim.Protocol.CgroupsV2;

namespace Templating.Shim.Tasks;

/// <summary>
/// Counts in the form that this host's containerd reads: of control groups of the version that the host has. A container's are the guest's,
/// which may lie; the sandbox's are what its QEMU has on the host.
/// </summary>
internal static class HostMetrics
{
    private const ulong NanosecondsPerMicrosecond = 1000;

    private static readonly bool IsV2 = File.Exists("/sys/fs/cgroup/cgroup.controllers");

    public static Any OfContainer(ContainerCounts counts) => BareAny.Of(IsV2 ? Unified(counts) : Legacy(counts));

    public static Any OfVm(VmUsage usage) => OfContainer(new ContainerCounts
    {
        MemoryCurrent = usage.MemoryBytes,
        MemoryAnonymous = usage.MemoryBytes,
        MemoryInactiveFile = 0,
        CpuMicroseconds = usage.CpuMicroseconds,
        PidsCurrent = 1,
    });

    internal static CgroupV1.Metrics Legacy(ContainerCounts counts) => new()
    {
        Pids = new CgroupV1.PidsStat { Current = counts.PidsCurrent ?? 0, Limit = counts.PidsMax ?? 0 },
        Cpu = new CgroupV1.CPUStat
        {
            Usage = new CgroupV1.CPUUsage
            {
                Total = Nanoseconds(counts.CpuMicroseconds),
                User = Nanoseconds(counts.CpuUserMicroseconds),
                Kernel = Nanoseconds(counts.CpuSystemMicroseconds),
            },
            Throttling = new CgroupV1.Throttle
            {
                ThrottledPeriods = counts.CpuThrottledPeriods ?? 0,
                ThrottledTime = Nanoseconds(counts.CpuThrottledMicroseconds),
            },
        },
        Memory = new CgroupV1.MemoryStat
        {
            Rss = counts.MemoryAnonymous ?? 0,
            TotalRss = counts.MemoryAnonymous ?? 0,
            InactiveFile = counts.MemoryInactiveFile ?? 0,
            TotalInactiveFile = counts.MemoryInactiveFile ?? 0,
            Usage = new CgroupV1.MemoryEntry
            {
                Usage = counts.MemoryCurrent ?? 0,
                Max = counts.MemoryPeak ?? 0,
                Limit = counts.MemoryMax ?? ulong.MaxValue,
                Failcnt = counts.MemoryMaxEvents ?? 0,
            },
        },
        MemoryOomControl = new CgroupV1.MemoryOomControl { OomKill = counts.OutOfMemoryKills ?? 0 },
    };

    internal static CgroupV2.Metrics Unified(ContainerCounts counts) => new()
    {
        Pids = new CgroupV2.PidsStat { Current = counts.PidsCurrent ?? 0, Limit = counts.PidsMax ?? 0 },
        Cpu = new CgroupV2.CPUStat
        {
            UsageUsec = counts.CpuMicroseconds ?? 0,
            UserUsec = counts.CpuUserMicroseconds ?? 0,
            SystemUsec = counts.CpuSystemMicroseconds ?? 0,
            NrThrottled = counts.CpuThrottledPeriods ?? 0,
            ThrottledUsec = counts.CpuThrottledMicroseconds ?? 0,
        },
        Memory = new CgroupV2.MemoryStat
        {
            Anon = counts.MemoryAnonymous ?? 0,
            InactiveFile = counts.MemoryInactiveFile ?? 0,
            Usage = counts.MemoryCurrent ?? 0,
            UsageLimit = counts.MemoryMax ?? ulong.MaxValue,
            MaxUsage = counts.MemoryPeak ?? 0,
        },
        MemoryEvents = new CgroupV2.MemoryEvents { Max = counts.MemoryMaxEvents ?? 0, OomKill = counts.OutOfMemoryKills ?? 0 },
    };

    private static ulong Nanoseconds(ulong? microseconds) => Math.Min(microseconds ?? 0, ulong.MaxValue / NanosecondsPerMicrosecond) * NanosecondsPerMicrosecond;
}
