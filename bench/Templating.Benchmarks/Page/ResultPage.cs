using System.Globalization;
using System.Xml;
using System.Xml.Linq;
using static Templating.Benchmarks.Page.Html;

namespace Templating.Benchmarks.Page;

/// <summary>A run as one page that needs nothing else: no script, no picture, no font from anywhere.</summary>
internal static class ResultPage
{
    public static string Html(Result result)
    {
        var text = new StringWriter(CultureInfo.InvariantCulture);
        text.WriteLine("<!DOCTYPE html>");
        using (var writer = XmlWriter.Create(text, new XmlWriterSettings { OmitXmlDeclaration = true, ConformanceLevel = ConformanceLevel.Fragment }))
        {
            El("html", At("lang", "en"), Head(), Body(result)).WriteTo(writer);
        }

        text.WriteLine();
        return text.ToString();
    }

    private static XElement Head()
    {
        using var style = new StreamReader(typeof(ResultPage).Assembly.GetManifestResourceStream("page.css")!);
        return El(
            "head",
            El("meta", At("charset", "utf-8")),
            El("meta", At("name", "viewport"), At("content", "width=device-width, initial-scale=1")),
            El("meta", At("http-equiv", "Content-Security-Policy"), At("content", "default-src 'none'; style-src 'unsafe-inline'")),
            El("title", "Templating, measured side by side"),
            El("style", style.ReadToEnd()));
    }

    private static XElement Body(Result result)
    {
        var (samples, machine) = (result.Samples, result.Machine);
        return El(
            "body",
            El(
                "header",
                El("h1", "Templating, measured side by side"),
                El("p", $"{result.Taken.UtcDateTime.ToString("d MMMM yyyy HH:mm", CultureInfo.InvariantCulture)} UTC. {machine}; load average {machine.LoadBefore} before, {result.LoadAfter} after."),
                El("p", "All of a comparison ran by turns in one run. Only ratios travel to other machines.")),
            El(
                "main",
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
                        samples.All.Select(s => (IReadOnlyList<string>)[s.Key, $"{s.Value.Count}", .. FigureElement.Summary(samples, s.Key)])))));
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
