using System.Globalization;

namespace Templating.ClusterBenchmarks.Cluster;

/// <summary>A page of metrics in Prometheus' text format, version 0.0.4.</summary>
internal sealed class MetricsPage(IReadOnlyList<MetricsPage.Series> series)
{
    public static MetricsPage Empty { get; } = new([]);

    public IReadOnlyList<Series> All => series;

    public static MetricsPage Parse(string text)
    {
        var all = new List<Series>();
        foreach (var line in text.Split('\n'))
        {
            if (line.Length > 0 && line[0] != '#')
            {
                all.Add(ParseLine(line));
            }
        }

        return new MetricsPage(all);
    }

    /// <summary>Of several processes.</summary>
    public static MetricsPage Join(IEnumerable<MetricsPage> pages) => new([.. pages.SelectMany(p => p.All)]);

    /// <summary>Of all series of that name that the filter takes.</summary>
    public double Sum(string name, Func<Series, bool>? filter = null) =>
        series.Where(s => string.Equals(s.Name, name, StringComparison.Ordinal) && (filter is null || filter(s))).Sum(s => s.Value);

    /// <summary>The sums of a name's series by what the key says of each.</summary>
    public Dictionary<string, double> SumBy(string name, Func<Series, string> key) =>
        series.Where(s => string.Equals(s.Name, name, StringComparison.Ordinal))
            .GroupBy(key, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Sum(s => s.Value), StringComparer.Ordinal);

    private static Series ParseLine(string line)
    {
        var brace = line.IndexOf('{', StringComparison.Ordinal);
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        var nameEnd = brace < 0 ? line.IndexOf(' ', StringComparison.Ordinal) : brace;
        var position = nameEnd;
        if (brace >= 0)
        {
            position++;
            while (line[position] != '}')
            {
                var equals = line.IndexOf('=', position);
                var end = equals + 2;
                while (line[end] != '"')
                {
                    end += line[end] == '\\' ? 2 : 1;
                }

                labels[line[position..equals]] = line[(equals + 2)..end];
                position = line[end + 1] == ',' ? end + 2 : end + 1;
            }

            position++;
        }

        var value = line[position..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
        return new Series(line[..nameEnd], labels, value switch
        {
            "+Inf" => double.PositiveInfinity,
            "-Inf" => double.NegativeInfinity,
            _ => double.Parse(value, CultureInfo.InvariantCulture),
        });
    }

    internal sealed record Series(string Name, IReadOnlyDictionary<string, string> Labels, double Value)
    {
        public string Label(string name) => Labels.GetValueOrDefault(name, "");
    }
}
