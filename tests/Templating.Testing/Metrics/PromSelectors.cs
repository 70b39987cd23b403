using System.Text.RegularExpressions;

namespace Templating.Testing.Metrics;

/// <summary>All that alerts, their tests and the dashboard ask for: each has to be served, or it is silent for ever.</summary>
public static partial class PromSelectors
{
    /// <summary>Prometheus itself adds these: a bucket's border, and whom it asked.</summary>
    private static readonly HashSet<string> Added = ["le", "node", "pod"];

    /// <summary>Their values are users' names: only that there is such a label can be known.</summary>
    private static readonly HashSet<string> Named = ["namespace", "pool"];

    private static readonly string[] Files =
    [
        "charts/templating/templates/prometheusrule.yaml", "charts/templating/files/dashboards/templating.json", "eng/chart/alerts-test.yaml",
        "docs/kubernetes/operations.md",
    ];

    /// <summary>Of the operator, or of the daemon.</summary>
    public static IReadOnlyList<PromSelector> Of(bool ofOperator) =>
        [.. Files.SelectMany(Read).Where(s => s.Name.StartsWith("templating_operator_", StringComparison.Ordinal) == ofOperator)];

    private static IEnumerable<PromSelector> Read(string file)
    {
        foreach (var line in File.ReadLines(Path.Combine(Repository.Root, file)).Select(line => line.Replace("\\\"", "\"", StringComparison.Ordinal)))
        {
            var by = By().Matches(line).SelectMany(m => m.Groups["labels"].Value.Split(',', StringSplitOptions.TrimEntries)).Except(Added).ToList();
            foreach (Match match in Selector().Matches(line))
            {
                var matchers = Matcher().Matches(match.Groups["labels"].Value).Where(m => !Added.Contains(m.Groups["name"].Value)).ToLookup(IsValue);
                var labels = matchers[true].ToDictionary(m => m.Groups["name"].Value, m => m.Groups["value"].Value, StringComparer.Ordinal);
                yield return new PromSelector(
                    Path.GetFileName(file), match.Groups["name"].Value, labels, [.. by, .. matchers[false].Select(m => m.Groups["name"].Value)]);
            }
        }
    }

    /// <summary>Whether a series has to have this very value.</summary>
    private static bool IsValue(Match matcher) => matcher.Groups["operator"].Value == "=" && !Named.Contains(matcher.Groups["name"].Value);

    [GeneratedRegex(@"(?<name>\btemplating_[a-z_]+)(\{(?<labels>[^}]*)\})?", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Selector();

    [GeneratedRegex(@"(?<name>[a-z_]+)(?<operator>=~|!~|!=|=)""(?<value>[^""]*)""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Matcher();

    [GeneratedRegex(@"\bby \((?<labels>[^)]*)\)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex By();
}
