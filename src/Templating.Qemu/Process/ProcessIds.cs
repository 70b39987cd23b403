using System.Globalization;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Core.Machines;

namespace Templating.Qemu.Process;

/// <summary>What /proc says of a process, to tell it from a later one of the same number.</summary>
internal static class ProcessIds
{
    private const int StartTimeField = 22;

    /// <summary>Null when there is no such process.</summary>
    public static VmProcessId? Read(int pid)
    {
        string stat;
        try
        {
            stat = File.ReadAllText($"/proc/{pid}/stat");
        }
        catch (IOException e) when (!HostFailure.IsExhaustion(e))
        {
            return null;
        }

        return ParseStartTime(stat) is { } start ? new VmProcessId(pid, start, HostBoot.Id) : null;
    }

    /// <summary>The user it runs as; null when there is no such process.</summary>
    public static uint? ReadUser(int pid)
    {
        const string Label = "Uid:";
        try
        {
            var line = File.ReadLines($"/proc/{pid}/status").FirstOrDefault(l => l.StartsWith(Label, StringComparison.Ordinal));
            return line is not null && uint.TryParse(line[Label.Length..].Split('\t', StringSplitOptions.RemoveEmptyEntries)[0], CultureInfo.InvariantCulture, out var uid)
                ? uid
                : null;
        }
        catch (IOException e) when (!HostFailure.IsExhaustion(e))
        {
            return null;
        }
    }

    /// <summary>Field 22 of proc_pid_stat(5). The name before it may hold spaces and brackets: count from its last one.</summary>
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
