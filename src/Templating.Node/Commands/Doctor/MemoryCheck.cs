using System.Globalization;
using Templating.Contract;

namespace Templating.Node.Commands.Doctor;

internal sealed class MemoryCheck : IHostCheck
{
    // A template of the default size and a few of its clones.
    private const long Comfortable = 1L << 30;

    public Task<IReadOnlyList<Finding>> RunAsync(DoctorTarget target, CancellationToken cancellationToken)
    {
        var info = target.Read("/proc/meminfo");
        var total = Field(info, "MemTotal:");
        var available = Field(info, "MemAvailable:");
        var found = $"{ByteSize.Format(total)}, {ByteSize.Format(available)} available";
        return Task.FromResult<IReadOnlyList<Finding>>(
        [
            total == 0
                ? new Finding("memory", Verdict.Warn, "/proc/meminfo cannot be read", "Mount /proc.")
                : available >= Comfortable
                    ? new Finding("memory", Verdict.Pass, found)
                    : new Finding("memory", Verdict.Warn, found, "Free some: a default clone is charged 256MiB and QEMU's own 64MiB."),
            Cgroup(target),
        ]);
    }

    private static Finding Cgroup(DoctorTarget target)
    {
        if (!File.Exists(target.At("/sys/fs/cgroup/cgroup.controllers")))
        {
            return new Finding(
                "cgroup", Verdict.Warn, "No cgroup v2 at /sys/fs/cgroup: a limit set there cannot be seen",
                "Boot with systemd.unified_cgroup_hierarchy=1, or set the memory budget by --memory-budget.");
        }

        var line = target.Read("/proc/self/cgroup").Split('\n').FirstOrDefault(l => l.StartsWith("0::", StringComparison.Ordinal));
        var limit = line is null ? "" : target.Read($"/sys/fs/cgroup{line[3..]}/memory.max").Trim();
        return long.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes)
            ? new Finding("cgroup", Verdict.Pass, $"Version 2; this one is limited to {ByteSize.Format(bytes)}")
            : new Finding("cgroup", Verdict.Pass, "Version 2; no memory limit here");
    }

    private static long Field(string info, string name)
    {
        var line = info.Split('\n').FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal));
        var words = line?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
        return words.Length > 1 && long.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out var kibibytes) ? kibibytes * 1024 : 0;
    }
}
