using System.Globalization;
using System.Xml.Linq;
using Templating.Plots;
using static Templating.Plots.Html;

namespace Templating.Benchmarks.Page;

/// <summary>A run as one page.</summary>
internal static class ResultPage
{
    private const string Title = "Templating, measured side by side";

    public static string Html(Result result)
    {
        var (samples, machine) = (result.Samples, result.Machine);
        return PlotPage.Html(
            Title,
            [
                El("h1", Title),
                El("p", $"{result.Taken.UtcDateTime.ToString("d MMMM yyyy HH:mm", CultureInfo.InvariantCulture)} UTC. {machine}; load average {machine.LoadBefore} before, {result.LoadAfter} after."),
                El("p", "All of a comparison ran by turns in one run. Only ratios travel to other machines."),
            ],
            [
                El("section", El("h2", "Promises"), Promises(result.Targets)),
                El(
                    "section", El("h2", "Plots"),
                    Comparisons.All.Where(c => c.IsIn(samples)).Select(c => DistributionPlot.Figure(c, samples)),
                    PhasePlot.Figure(samples),
                    CountPlots.Figures(samples)),
                El(
                    "section", El("h2", "All samples"),
                    Table(
                        "All samples, by name", ["", "samples", "least", "median", "p90", "p99", "most"],
                        samples.All.Select(s => (IReadOnlyList<string>)[s.Key, $"{s.Value.Count}", .. Summaries.Of(samples, s.Key)]))),
            ]);
    }

    private static XElement Promises(IReadOnlyList<Target> targets)
    {
        var table = Table(
            "What is promised, and what was measured", ["", "target", "measured", "met"],
            targets.Select(t => (IReadOnlyList<string>)
                [t.Name, $"{(t.AtLeast ? "at least" : "at most")} {Numbers.Text(t.Limit)} {t.Unit}", $"{Numbers.Text(t.Measured)} {t.Unit}", t.Met ? "yes" : "no"]));
        foreach (var (row, target) in table.Descendants("tbody").Elements("tr").Zip(targets))
        {
            row.Add(At("class", target.Met ? "met" : "missed"));
        }

        return table;
    }
}
