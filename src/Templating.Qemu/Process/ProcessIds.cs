using System.Globalization;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Core.Machines;

namespace Templating.Qemu.Process;

/// <summary>What /proc says of a process, to tell it from a later one of the same number.</summary>
internal static class ProcessIds
{
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

        return ProcessStat.ParseStartTime(stat) is { } start ? new VmProcessId(pid, start, HostBoot.Id) : null;
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
}
