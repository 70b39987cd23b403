using Templating.Kubernetes.Metrics;

namespace Templating.Kubectl.Load.Samples;

/// <summary>What the operator that leads took at one moment, as its own metrics tell (docs/telemetry.md).</summary>
/// <param name="At">Seconds since the run began.</param>
/// <param name="Pod">The one that leads.</param>
/// <param name="CpuSeconds">Since its process began.</param>
/// <param name="MemoryMiB">Its working set.</param>
/// <param name="Waiting">Keys that wait for a worker, by controller.</param>
internal sealed record OperatorLevel(double At, string Pod, double CpuSeconds, double MemoryMiB, IReadOnlyDictionary<string, double> Waiting)
{
    private const string Cpu = "dotnet_process_cpu_time_seconds_total";

    private const string Memory = "dotnet_process_memory_working_set_bytes";

    /// <returns>Null where it does not lead, or is no operator.</returns>
    public static OperatorLevel? Of(TimeSpan at, string pod, MetricsPage page) => page.Sum(OperatorSeries.Leader) == 1 && page.Has(Cpu) && page.Has(Memory)
        ? new OperatorLevel(
            Math.Round(at.TotalSeconds, 6), pod, page.Sum(Cpu), page.Sum(Memory) / (1 << 20), page.SumBy(OperatorSeries.QueueDepth, s => s.Label("controller")))
        : null;
}
