namespace Templating.Benchmarks;

/// <summary>/proc/meminfo.</summary>
internal static class HostMemory
{
    public static long TotalBytes() => Read("MemTotal:");

    /// <summary>Page cache that can go is counted as available, so that a template's file costs nothing here, and a copy of it in memory all of it.</summary>
    public static long AvailableBytes() => Read("MemAvailable:");

    private static long Read(string field) =>
        Processes.Kibibytes(File.ReadLines("/proc/meminfo").First(l => l.StartsWith(field, StringComparison.Ordinal))) * 1024;
}
