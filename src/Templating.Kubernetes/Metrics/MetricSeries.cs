namespace Templating.Kubernetes.Metrics;

/// <summary>One series of a <see cref="MetricsPage"/>.</summary>
/// <param name="Name">With what Prometheus adds: units, _total.</param>
/// <param name="Labels">Their values by their names.</param>
/// <param name="Value">When it was served.</param>
public sealed record MetricSeries(string Name, IReadOnlyDictionary<string, string> Labels, double Value)
{
    /// <summary>Empty where it has no such label, which Prometheus takes for the same.</summary>
    public string Label(string name) => Labels.GetValueOrDefault(name, "");
}
