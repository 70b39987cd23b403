using System.Text.RegularExpressions;

namespace Templating.Testing.Metrics;

/// <summary>All that alerts, their tests and the dashboard ask for: each has to be served, or it is silent for ever.</summary>
public static partial class PromSelectors
{
    /// <summary>Prometheus itself adds these: a bucket's border, and whom it asked.</summary>
    private static readonly HashSet<string> Added = ["le", "node", "pod"];

    private static readonly string[] Files =
        ["charts/templating/templates/prometheusrule.yaml", "charts/templating/files/dashboards/templating.json", "eng/chart/alerts-test.yaml"];

    /// <summary>Of the operator, or of the daemon.</summary>
    public static IReadOnlyList<PromSelector> Of(bool ofOperator) =>
        [.. Files.SelectMany(Read).Where(s => s.Name.StartsWith("templating_operator_", StringComparison.Ordinal) == ofOperator)];

    internal static Dictionary<string, string> Labels(string text) => Label().Matches(text)
        .ToDictionary(m => m.Groups["name"].Value, m => m.Groups["value"].Value, StringComparer.Ordinal);

    private static IEnumerable<PromSelector> Read(string file)
    {
        foreach (var line in File.ReadLines(Path.Combine(Repository.Root, file)).Select(line => line.Replace("\\\"", "\"", StringComparison.Ordinal)))
        {
            var by = By().Matches(line).SelectMany(m => m.Groups["labels"].Value.Split(',', StringSplitOptions.TrimEntries)).Except(Added).ToList();
            foreach (Match match in Selector().Matches(line))
            {
                var labels = Labels(match.Groups["labels"].Value).Where(l => !Added.Contains(l.Key)).ToDictionary(StringComparer.Ordinal);
                yield return new PromSelector(Path.GetFileName(file), match.Groups["name"].Value, labels, by);
            }
        }
    }

    [GeneratedRegex(@"(?<name>\btemplating_[a-z_]+)(\{(?<labels>[^}]*)\})?", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Selector();

    [GeneratedRegex(@"(?<name>[a-z_]+)=""(?<value>[^""]*)""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Label();

    [GeneratedRegex(@"\bby \((?<labels>[^)]*)\)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex By();
}
