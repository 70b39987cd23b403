using System.Xml.Linq;
using static Templating.Plots.Html;

namespace Templating.Plots;

/// <summary>Values against a count.</summary>
internal static class LinePlot
{
    /// <summary>More would be a band.</summary>
    private const int MaxDots = 30;

    /// <param name="name">What is shown.</param>
    /// <param name="across">What is counted.</param>
    /// <param name="up">What is measured, with its unit.</param>
    /// <param name="caption">How to read it.</param>
    /// <param name="series">All have the same counts where <paramref name="table"/> is null.</param>
    /// <param name="table">The same in numbers; null means all points.</param>
    public static XElement Figure(string name, string across, string up, string caption, IReadOnlyList<Series> series, XElement? table = null)
    {
        var points = series.SelectMany(s => s.Points).ToArray();
        var frame = new Frame(Axis.FromZero(points.Select(p => p.X)), Axis.FromZero(points.Select(p => p.Y)));
        var ends = series.Select(s => $"{s.Name}: {Numbers.Text(s.Points[0].Y)} at {s.Points[0].X}, {Numbers.Text(s.Points[^1].Y)} at {s.Points[^1].X}");
        return FigureElement.Of(
            name,
            frame.Svg(name, $"{up} against {across}. {string.Join("; ", ends)}.", across, up, series.SelectMany((s, i) => Line(frame, s, i))),
            [.. series.Select(s => s.Name)], caption, table ?? Table(
                $"{name}, {up}", [across, .. series.Select(s => s.Name)],
                series[0].Points.Select((p, row) => (IReadOnlyList<string>)[$"{p.X}", .. series.Select(s => Numbers.Text(s.Points[row].Y))])));
    }

    private static IEnumerable<XElement> Line(Frame frame, Series series, int side)
    {
        yield return El("path", At("class", $"line s{side}"), At("d", "M" + string.Join('L', series.Points.Select(p => $"{Place(frame.X(p.X))} {Place(frame.Y(p.Y))}"))));
        foreach (var (x, y) in series.Points.Where(_ => series.Points.Count <= MaxDots))
        {
            yield return El("circle", At("class", $"dot s{side}"), At("cx", frame.X(x)), At("cy", frame.Y(y)), At("r", 4));
        }
    }
}
