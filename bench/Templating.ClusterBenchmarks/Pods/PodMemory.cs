using System.Globalization;
using Templating.Benchmarks;

namespace Templating.ClusterBenchmarks.Pods;

/// <summary>What a process has of the host's memory, in MiB.</summary>
/// <param name="Resident">Its pages, whoever else has them, too.</param>
/// <param name="Proportional">Each page by how many have it.</param>
/// <param name="Private">Its alone.</param>
internal sealed record PodMemory(double Resident, double Proportional, double Private)
{
    public static PodMemory Of(int pid)
    {
        var lines = File.ReadAllLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/smaps_rollup"));
        return new PodMemory(MiB("Rss:"), MiB("Pss:"), MiB("Private_Clean:") + MiB("Private_Dirty:"));

        double MiB(string name) => double.Parse(
            lines.First(l => l.StartsWith(name, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }

    /// <summary>Samples of a pod of that runtime that is at rest.</summary>
    public static void Take(Samples samples, NodeView node, string runtime, string sandbox, string uid)
    {
        var shim = Of(node.ShimOf(sandbox));
        var group = NodeView.GroupOf(uid);
        var inside = NodeView.ProcessesIn(group).Select(Of).ToList();
        samples.Add($"{runtime}.memory.group_mib", NodeView.UsageMiB(group));
        samples.Add($"{runtime}.memory.processes_proportional_mib", inside.Sum(p => p.Proportional));
        samples.Add($"{runtime}.memory.processes_private_mib", inside.Sum(p => p.Private));
        samples.Add($"{runtime}.memory.shim_resident_mib", shim.Resident);
        samples.Add($"{runtime}.memory.shim_proportional_mib", shim.Proportional);
        samples.Add($"{runtime}.memory.shim_private_mib", shim.Private);
        samples.Add($"{runtime}.memory.proportional_mib", shim.Proportional + inside.Sum(p => p.Proportional));
    }
}
