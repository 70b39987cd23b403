using System.Xml.Linq;
using Templating.Plots;
using static Templating.Plots.Html;

namespace Templating.Benchmarks.Page;

/// <summary>Which share of the samples is at or below a value, of two sides, with the target as a line.</summary>
internal static class DistributionPlot
{
    public static XElement Figure(Comparison comparison, Samples samples)
    {
        var (ours, theirs) = (Sorted(samples[comparison.Ours]), Sorted(samples[comparison.Theirs]));
        var target = comparison.Limit * samples.Median(comparison.Theirs);
        var frame = new Frame(Axis.Around([.. ours, .. theirs, target]), Axis.FromZero(SharesPlot.Quarters));
        var at = frame.X(target);
        var (anchor, side) = at > Frame.Width / 2 ? ("end", -5) : ("start", 5);
        var ratio = Numbers.Text(samples.Ratio(comparison.Ours, comparison.Theirs));
        var sides = new[] { (comparison.OursIs, comparison.Ours), (comparison.TheirsIs, comparison.Theirs) };
        return FigureElement.Of(
            comparison.Name,
            frame.Svg(
                comparison.Name,
                $"Shares of the samples at or below a value. Median {Numbers.Text(samples.Median(comparison.Ours))} {comparison.Unit} for {comparison.OursIs}, "
                + $"{Numbers.Text(samples.Median(comparison.Theirs))} {comparison.Unit} for {comparison.TheirsIs}; ratio {ratio}, target {Numbers.Text(comparison.Limit)}.",
                comparison.Unit, "% of the samples are at or below",
                [
                    El("line", At("class", "target"), At("x1", at), At("y1", Frame.Roof - 14), At("x2", at), At("y2", Frame.Floor)),
                    Frame.Text(at + side, Frame.Roof - 6, anchor, $"target {Numbers.Text(target)}"),
                    SharesPlot.Line(frame, theirs, 1), SharesPlot.Line(frame, ours, 0),
                    Middle(frame, samples.Median(comparison.Theirs), 1), Middle(frame, samples.Median(comparison.Ours), 0),
                ]),
            [comparison.OursIs, comparison.TheirsIs],
            $"Ratio of the medians {ratio}, target at most {Numbers.Text(comparison.Limit)}. The dashed line is where our median would just meet it; dots are medians.",
            Table(
                $"{comparison.Name}, {comparison.Unit}", ["", "samples", "least", "median", "p90", "p99", "most"],
                sides.Select(s => (IReadOnlyList<string>)[s.Item1, $"{samples.Count(s.Item2)}", .. Summaries.Of(samples, s.Item2)])));
    }

    private static XElement Middle(Frame frame, double median, int side) =>
        El("circle", At("class", $"dot s{side}"), At("cx", frame.X(median)), At("cy", frame.Y(50)), At("r", 4));

    private static double[] Sorted(IEnumerable<double> values) => [.. values.Order()];
}
