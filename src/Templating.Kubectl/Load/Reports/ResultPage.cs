using System.Globalization;
using System.Xml.Linq;
using Templating.Contract;
using Templating.Kubectl.Load.Running;
using Templating.Kubectl.Load.Samples;
using Templating.Plots;
using static Templating.Plots.Html;

namespace Templating.Kubectl.Load.Reports;

/// <summary>A run as one page that needs nothing else. Whatever the cluster said is text in it, and never more.</summary>
internal static class ResultPage
{
    public static string Html(RunResult result)
    {
        var title = $"Load test {result.Recipe.Name}";
        return PlotPage.Html(
            title,
            [
                El("h1", title),
                El("p", $"{result.Began.UtcDateTime.ToString("d MMMM yyyy HH:mm", CultureInfo.InvariantCulture)} UTC, "
                    + $"{DurationText.Format(TimeSpan.FromSeconds(result.Seconds))}, run {result.Run}, in {string.Join(", ", result.Namespaces)}."),
                .. result.Recipe.Description.Length > 0 ? [El("p", Text(result.Recipe.Description))] : Array.Empty<XElement>(),
                .. Remarks.Of(result).Select(remark => El("p", Text(remark))),
            ],
            [
                El("section", El("h2", "Figures"), Sides(result), Verdicts(result), Reasons(result), Operator(result)),
                El(
                    "section", El("h2", "Plots"), TimePlots.Throughput(result), TimePlots.Shares(result),
                    TimePlots.PhasesOverTime(result), TimePlots.PhasesBySide(result), TimePlots.Pools(result),
                    OperatorPlots.Of(result)),
                El("section", El("h2", "Nodes"), Nodes(result)),
                El("section", El("h2", "Calls of the API server"), Calls(result)),
            ]);
    }

    private static XElement Sides(RunResult result) => Table(
        "From the create call until usable, ms", ["", "asked", "usable", "failed", "a second", "p50", "p90", "p95", "p99", "max"],
        SideSummary.Of(result.Samples).Select(s => (IReadOnlyList<string>)
        [
            Text(s.Name), Number(s.Asked), Number(s.Usable), Number(s.Failed),
            Figure(RunFigures.Rate([.. result.Samples.Where(sample => sample.Side() == s.Name)])), .. Quantiles(s, 0.5, 0.9, 0.95, 0.99, 1),
        ]));

    private static XElement? Verdicts(RunResult result)
    {
        if (result.Verdicts.Count == 0)
        {
            return null;
        }

        var table = Table(
            "Thresholds of the recipe", ["", "measured", "met"],
            result.Verdicts.Select(v => (IReadOnlyList<string>)[Text(v.Wanted), v.Measured, v.Met ? "yes" : "no"]));
        foreach (var (row, verdict) in table.Descendants("tbody").Elements("tr").Zip(result.Verdicts))
        {
            row.Add(At("class", verdict.Met ? "met" : "missed"));
        }

        return table;
    }

    private static XElement? Reasons(RunResult result) => Failures.Of(result.Samples) is { Count: > 0 } all
        ? Table("Failures by reason", ["", "objects"], all.Select(f => (IReadOnlyList<string>)[Text(f.Reason), Number(f.Count)]))
        : null;

    private static XElement? Operator(RunResult result) => result.OfOperator() is { } figures
        ? Table(
            "The operator that led", ["", "mean", "most"],
            [
                ["CPU, cores", Figure(figures.Cores), Figure(figures.MostCores)],
                ["CPU for each VMClone, ms", Figure(figures.Milliseconds), "-"],
                ["memory, MiB", "-", Figure(figures.MostMiB)],
                ["keys that wait", "-", Figure(figures.MostWaiting)],
            ])
        : null;

    private static XElement Nodes(RunResult result) => Table(
        "Node by node, ms to usable", ["", "objects", "usable", "failed", "p50", "p95", "max"],
        result.Samples.GroupBy(s => s.Node ?? "(none)", StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => SideSummary.Of(g.Key, [.. g]))
            .Select(s => (IReadOnlyList<string>)[Text(s.Name), Number(s.Asked), Number(s.Usable), Number(s.Failed), .. Quantiles(s, 0.5, 0.95, 1)]));

    private static XElement Calls(RunResult result) => Table(
        "By verb, ms until the answer's head", ["", "calls", "refused", "p50", "p99"],
        result.Calls.Select(c => (IReadOnlyList<string>)[$"{c.Verb} {c.Kind}", Number(c.Count), Number(c.Refused), Figure(c.Median), Figure(c.P99)]));

    private static IEnumerable<string> Quantiles(SideSummary side, params double[] shares) => shares.Select(share => Figure(side.Time(share)));

    private static string Figure(double? value) => value is { } some ? Numbers.Text(some) : "-";

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Text(string text) => JUnitXml.Fit(text);
}
