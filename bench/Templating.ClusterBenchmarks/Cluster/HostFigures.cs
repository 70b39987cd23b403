using System.Globalization;

namespace Templating.ClusterBenchmarks.Cluster;

/// <summary>What /proc says of a process of this machine.</summary>
internal sealed class HostFigures(int pid)
{
    /// <summary>sysconf(_SC_CLK_TCK), which Linux has at 100 on every machine this runs on.</summary>
    private const double TicksPerSecond = 100;

    /// <summary>User and system time, all threads.</summary>
    public double CpuSeconds
    {
        get
        {
            // The name in parentheses may have spaces in it; utime and stime are the 12th and 13th fields after it.
            var text = File.ReadAllText($"/proc/{pid}/stat");
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return (Number(fields[11]) + Number(fields[12])) / TicksPerSecond;
        }
    }

    public double ResidentMiB => Kilobytes("VmRSS:") / 1024;

    /// <summary>Since its start.</summary>
    public double PeakResidentMiB => Kilobytes("VmHWM:") / 1024;

    private double Kilobytes(string name) =>
        Number(File.ReadLines($"/proc/{pid}/status").First(l => l.StartsWith(name, StringComparison.Ordinal))
            .Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1]);

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
