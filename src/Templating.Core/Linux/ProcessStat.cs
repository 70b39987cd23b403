using System.Globalization;

namespace Templating.Core.Linux;

/// <summary>/proc/PID/stat (proc_pid_stat(5)).</summary>
internal static class ProcessStat
{
    private const int UserTimeField = 14;
    private const int SystemTimeField = 15;
    private const int StartTimeField = 22;

    /// <summary>Ticks of these fields in a second: USER_HZ, 100 on this architecture whatever the kernel's own.</summary>
    private const long TicksPerSecond = 100;

    /// <summary>What tells a process from a later one of its number, within a boot; null where there is none.</summary>
    public static long? ReadStartTime(int pid) => Read(pid) is { } stat ? ParseStartTime(stat) : null;

    /// <summary>What all its threads have run so far, in the kernel too; null where it is gone, or another one has its number.</summary>
    public static TimeSpan? ReadCpuTime(int pid, long startTime) =>
        Read(pid) is { } stat && ParseStartTime(stat) == startTime ? ParseCpuTime(stat) : null;

    public static long? ParseStartTime(string stat) => Field(Fields(stat), StartTimeField);

    public static TimeSpan? ParseCpuTime(string stat)
    {
        var fields = Fields(stat);
        return Field(fields, UserTimeField) + Field(fields, SystemTimeField) is { } ticks and < long.MaxValue / TimeSpan.TicksPerSecond
            ? new TimeSpan(ticks * (TimeSpan.TicksPerSecond / TicksPerSecond))
            : null;
    }

    private static string? Read(int pid)
    {
        try
        {
            return File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat"));
        }
        catch (IOException e) when (e.HResult is not (Errno.TooManyFiles or Errno.TooManyFilesInAll))
        {
            return null;
        }
    }

    /// <summary>From the third on. The name before them may hold spaces and brackets: they count from its last one.</summary>
    private static string[] Fields(string stat) =>
        stat.LastIndexOf(')') is var close and >= 0 ? stat[(close + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries) : [];

    private static long? Field(string[] fields, int number) =>
        fields.Length > number - 3 && long.TryParse(fields[number - 3], NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;
}
