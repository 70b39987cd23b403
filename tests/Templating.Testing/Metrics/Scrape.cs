using Templating.Kubernetes.Metrics;

namespace Templating.Testing.Metrics;

/// <summary>What a /metrics endpoint served.</summary>
public sealed class Scrape
{
    private readonly IReadOnlyList<MetricSeries> _series;

    private Scrape(string text) => (Text, _series) = (text, MetricsPage.Parse(text).All);

    public string Text { get; }

    public static async Task<Scrape> OfAsync(Uri address, CancellationToken cancellationToken)
    {
        using var http = new HttpClient();
        return new Scrape(await http.GetStringAsync(address, cancellationToken));
    }

    /// <summary>The sum of the series that have this name and all these labels; null where there is none.</summary>
    public double? Sum(string name, params (string Name, string Value)[] labels)
    {
        var found = _series.Where(s => s.Name == name && labels.All(l => s.Label(l.Name) == l.Value)).ToList();
        return found.Count == 0 ? null : found.Sum(s => s.Value);
    }

    /// <summary>
    /// Null where it serves what a selector asks for. A histogram's label has its values when they occur; the documentation has
    /// them all.
    /// </summary>
    public string? Misses(PromSelector selector, string documentation)
    {
        var named = _series.Where(s => s.Name == selector.Name || s.Name == selector.Name + "_count").ToList();
        if (named.Count == 0)
        {
            return $"{selector}: nothing is called {selector.Name}.";
        }

        foreach (var label in selector.By.Concat(selector.Labels.Keys))
        {
            if (!named.Exists(s => s.Labels.ContainsKey(label)))
            {
                return $"{selector}: {selector.Name} has no label {label}.";
            }
        }

        if (named.Exists(s => selector.Labels.All(l => s.Label(l.Key) == l.Value)))
        {
            return null;
        }

        var row = HistogramOf(selector.Name) is { } histogram ? documentation.Split('\n').FirstOrDefault(line => line.StartsWith($"| `{histogram}`", StringComparison.Ordinal)) : null;
        return row is not null && selector.Labels.Values.All(value => row.Contains(value, StringComparison.Ordinal)) ? null
            : $"{selector}: no series of {selector.Name} has these values.";
    }

    private static string? HistogramOf(string name) =>
        name.EndsWith("_seconds_count", StringComparison.Ordinal) || name.EndsWith("_seconds_bucket", StringComparison.Ordinal)
            ? name[..name.IndexOf("_seconds_", StringComparison.Ordinal)].Replace('_', '.')
            : null;
}
