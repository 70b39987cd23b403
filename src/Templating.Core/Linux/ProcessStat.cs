using System.Globalization;

namespace Templating.Core.Linux;

/// <summary>/proc/PID/stat (proc_pid_stat(5)).</summary>
internal static class ProcessStat
{
    private const int StartTimeField = 22;

    /// <summary>What tells a process from a later one of its number, within a boot; null where there is none.</summary>
    public static long? ReadStartTime(int pid)
    {
        try
        {
            return ParseStartTime(File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat")));
        }
        catch (IOException e) when (e.HResult is not (Errno.TooManyFiles or Errno.TooManyFilesInAll))
        {
            return null;
        }
    }

    /// <summary>The name before it may hold spaces and brackets: count from its last one.</summary>
    public static long? ParseStartTime(string stat)
    {
        var close = stat.LastIndexOf(')');
        if (close < 0)
        {
            return null;
        }

        var fields = stat[(close + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > StartTimeField - 3
            && long.TryParse(fields[StartTimeField - 3], NumberStyles.None, CultureInfo.InvariantCulture, out var start)
                ? start
                : null;
    }
}
