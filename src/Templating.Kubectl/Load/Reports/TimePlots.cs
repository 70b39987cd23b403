using System.Globalization;
using System.Xml.Linq;
using Templating.Kubectl.Load.Running;
using Templating.Kubectl.Load.Samples;
using Templating.Plots;
using static Templating.Plots.Html;

namespace Templating.Kubectl.Load.Reports;

/// <summary>The plots of a run's page; each only where the run has something for it.</summary>
internal static class TimePlots
{
    /// <summary>About so many; more would be a band.</summary>
    internal const int MostWindows = 120;

    /// <summary>Of a table, and of a stack.</summary>
    internal const int MostRows = 16;

    private static readonly double[] Widths = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];

    /// <summary>Offered against completed.</summary>
    public static XElement? Throughput(RunResult result)
    {
        if (result.Samples.Count == 0)
        {
            return null;
        }

        var end = result.Seconds;
        var width = Width(end, MostWindows);
        const string name = "Offered and completed";
        return LinePlot.Figure(
            name, "seconds", "objects a second",
            string.Create(
                CultureInfo.InvariantCulture,
                $"What the schedule wanted, and what became usable, in windows of {width} s. Where the second stays below the first, work waits."),
            [.. Lines(width)],
            Rows($"{name}, objects a second", [.. Lines(Width(end, MostRows))]));

        IEnumerable<Series> Lines(double windows) =>
        [
            new("offered", Points(result.Samples.Select(s => s.Offered), windows)),
            new("usable", Points(result.Samples.Where(s => s.Failure is null).Select(s => s.Usable), windows)),
        ];

        List<(double X, double Y)> Points(IEnumerable<double?> times, double windows) =>
            [.. RunFigures.Windows(times, windows, end).Select((count, i) => (i * windows, count / windows))];
    }

    public static XElement? Shares(RunResult result)
    {
        var sides = SideSummary.Of(result.Samples).Where(s => s.Usable > 0).ToList();
        return sides.Count == 0 ? null : SharesPlot.Figure(
            "Time to usable", "ms", "From before the create call; warm and cold apart, as each VMClone's status tells it.",
            [.. sides.Select(s => (JUnitXml.Fit(s.Name), s.Sorted))],
            Table("Time to usable, ms", ["", "samples", "p50", "p90", "p99", "most"], sides.Select(s => (IReadOnlyList<string>)
                [JUnitXml.Fit(s.Name), $"{s.Usable}", .. new[] { 0.5, 0.9, 0.99, 1 }.Select(share => Numbers.Text(s.Time(share)!.Value))])));
    }

    /// <summary>By when it was created.</summary>
    public static XElement? PhasesOverTime(RunResult result)
    {
        var width = Width(result.Seconds, MostRows);
        return Stacks(
            "Phases over time", "Means of what was created in each window of time.",
            result.Samples.Where(s => s.Created is not null).GroupBy(s => (int)(s.Created!.Value / width)).OrderBy(g => g.Key)
                .Select(g => (string.Create(CultureInfo.InvariantCulture, $"{g.Key * width} to {(g.Key + 1) * width} s"), g.AsEnumerable())));
    }

    public static XElement? PhasesBySide(RunResult result) => Stacks(
        "Phases by side", "Means. Placed: on a node. Started: a pod runs, a VM is at its frozen moment. Answered: by HTTP, where the recipe asks for it.",
        result.Samples.GroupBy(s => s.Side(), StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => (JUnitXml.Fit(g.Key), g.AsEnumerable())));

    public static IEnumerable<XElement> Pools(RunResult result) => result.Pools.GroupBy(p => p.Pool, StringComparer.Ordinal).Select(pool =>
    {
        var name = $"Pool {pool.Key}";
        PoolLevel[] all = [.. pool];
        return LinePlot.Figure(
            name, "seconds", "VMs", "As its status told it; waiting ones can be claimed now.",
            Levels(Thinned.Of(all, MostWindows)), Rows($"{name}, VMs", Levels(Thinned.Of(all, MostRows))));
    });

    private static Series[] Levels(IReadOnlyList<PoolLevel> levels) =>
    [
        new("waiting", [.. levels.Select(l => (At(l), (double)l.Waiting))]),
        new("starting", [.. levels.Select(l => (At(l), (double)l.Starting))]),
        new("wanted", [.. levels.Select(l => (At(l), (double)l.Wanted))]),
    ];

    /// <summary>Fewer than the plot's points: hundreds of rows are read by nobody.</summary>
    internal static XElement Rows(string caption, Series[] series) => Table(
        caption, ["seconds", .. series.Select(s => s.Name)],
        series[0].Points.Select((p, row) => (IReadOnlyList<string>)[$"{p.X}", .. series.Select(s => Numbers.Text(s.Points[row].Y))]));

    private static XElement? Stacks(string name, string caption, IEnumerable<(string Name, IEnumerable<Sample> Samples)> groups)
    {
        var rows = groups.Select(g => (g.Name, All: g.Samples.Where(s => s.Failure is null).Select(Phases.Of).OfType<double[]>().ToList()))
            .Where(g => g.All.Count > 0).Select(g => (g.Name, Phases.Mean(g.All))).ToList();
        return rows.Count == 0 ? null : StackPlot.Figure(name, "ms", caption, Phases.Names, rows);
    }

    private static double At(PoolLevel level) => Math.Round(level.At, 2);

    private static double Width(double end, int most) => Widths.FirstOrDefault(width => end / width <= most, Widths[^1]);
}
