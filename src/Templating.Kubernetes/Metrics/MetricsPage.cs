using System.Globalization;
using System.Text;

namespace Templating.Kubernetes.Metrics;

/// <summary>
/// A page of metrics in Prometheus' text format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/). What is no line of
/// it is left out, whoever sent it.
/// </summary>
public sealed class MetricsPage(IReadOnlyList<MetricSeries> series)
{
    public IReadOnlyList<MetricSeries> All => series;

    public static MetricsPage Parse(string text) =>
        new([.. text.Split('\n').Where(line => line.Length > 0 && line[0] != '#').Select(Read).OfType<MetricSeries>()]);

    /// <summary>Of several processes.</summary>
    public static MetricsPage Join(IEnumerable<MetricsPage> pages) => new([.. pages.SelectMany(p => p.All)]);

    /// <summary>Whether there is any series of that name.</summary>
    public bool Has(string name) => Of(name).Any();

    /// <summary>Of all series of that name that the filter takes.</summary>
    public double Sum(string name, Func<MetricSeries, bool>? filter = null) => Of(name).Where(s => filter is null || filter(s)).Sum(s => s.Value);

    /// <summary>The sums of a name's series by what the key says of each.</summary>
    public Dictionary<string, double> SumBy(string name, Func<MetricSeries, string> key) =>
        Of(name).GroupBy(key, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Sum(s => s.Value), StringComparer.Ordinal);

    private IEnumerable<MetricSeries> Of(string name) => series.Where(s => string.Equals(s.Name, name, StringComparison.Ordinal));

    private static MetricSeries? Read(string line)
    {
        var nameEnd = line.AsSpan().IndexOfAny('{', ' ');
        if (nameEnd <= 0)
        {
            return null;
        }

        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        var position = line[nameEnd] == '{' ? ReadLabels(line, nameEnd + 1, labels) : nameEnd;
        // After the value there may be a time.
        return position is { } end && line[end..].Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var value, ..] && Number(value) is { } number
            ? new MetricSeries(line[..nameEnd], labels, number)
            : null;
    }

    /// <returns>Where they end; null where they do not.</returns>
    private static int? ReadLabels(string line, int position, Dictionary<string, string> labels)
    {
        while (position < line.Length && line[position] != '}')
        {
            var equals = line.IndexOf("=\"", position, StringComparison.Ordinal);
            if (equals < 0)
            {
                return null;
            }

            var value = new StringBuilder();
            var end = equals + 2;
            for (; end < line.Length && line[end] != '"'; end++)
            {
                var escaped = line[end] == '\\';
                if (escaped && ++end == line.Length)
                {
                    return null;
                }

                value.Append(escaped && line[end] == 'n' ? '\n' : line[end]);
            }

            labels[line[position..equals]] = value.ToString();
            position = end + 1;
            if (position < line.Length && line[position] == ',')
            {
                position++;
            }
        }

        return position < line.Length ? position + 1 : null;
    }

    private static double? Number(string text) => text switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        "NaN" => double.NaN,
        _ => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null,
    };
}
