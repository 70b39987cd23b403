using System.Globalization;

namespace Templating.Node.Linux;

/// <summary>How much memory there is for VMs: the machine's, or that of the tightest cgroup around the daemon.</summary>
internal static class HostMemory
{
    /// <summary>80 %: the rest is for the host itself and the page cache that serves templates.</summary>
    public static long DefaultBudget() => Limit("/proc/meminfo", "/proc/self/cgroup", "/sys/fs/cgroup") / 10 * 8;

    internal static long Limit(string memInfo, string selfCgroup, string cgroupRoot)
    {
        var total = File.ReadLines(memInfo).First(line => line.StartsWith("MemTotal:", StringComparison.Ordinal));
        var limit = long.Parse(total.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10;
        if (!File.Exists(selfCgroup))
        {
            return limit;
        }

        // cgroup v2 (Documentation/admin-guide/cgroup-v2.rst): one line "0::/path"; a limit of "max" is none.
        var own = File.ReadLines(selfCgroup).FirstOrDefault(line => line.StartsWith("0::/", StringComparison.Ordinal))?[3..] ?? "/";
        for (var path = own.TrimEnd('/'); ; path = path[..path.LastIndexOf('/')])
        {
            var file = $"{cgroupRoot}{path}/memory.max";
            if (File.Exists(file) && long.TryParse(File.ReadAllText(file).Trim(), CultureInfo.InvariantCulture, out var max))
            {
                limit = Math.Min(limit, max);
            }

            if (path.Length == 0)
            {
                return limit;
            }
        }
    }
}
