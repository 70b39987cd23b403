using System.Text;
using System.Xml.Linq;
using static Templating.Plots.Html;

namespace Templating.Plots;

/// <summary>Which share of the samples is at or below a value.</summary>
internal static class SharesPlot
{
    /// <summary>As many steps as a line of this width can show.</summary>
    private const int MaxSteps = 400;

    /// <summary>The axis at the side, in percent.</summary>
    public static readonly double[] Quarters = [0, 25, 50, 75, 100];

    /// <param name="name">Its heading.</param>
    /// <param name="unit">Of the values.</param>
    /// <param name="caption">How to read it.</param>
    /// <param name="sides">At least one; each with its values in order, at least one.</param>
    /// <param name="table">The same in numbers.</param>
    public static XElement Figure(string name, string unit, string caption, IReadOnlyList<(string Name, double[] Sorted)> sides, XElement table)
    {
        var frame = new Frame(Axis.Around([.. sides.SelectMany(s => s.Sorted)]), Axis.FromZero(Quarters));
        var said = string.Join("; ", sides.Select(s => $"median {Numbers.Text(s.Sorted[s.Sorted.Length / 2])} {unit} for {s.Name}"));
        return FigureElement.Of(
            name,
            frame.Svg(name, $"Shares of the samples at or below a value: {said}.", unit, "% of the samples are at or below", sides.Select((s, i) => Line(frame, s.Sorted, i))),
            [.. sides.Select(s => s.Name)], caption, table);
    }

    /// <summary>One side's steps.</summary>
    public static XElement Line(Frame frame, double[] sorted, int side)
    {
        var path = new StringBuilder($"M{Place(frame.X(sorted[0]))} {Place(Frame.Floor)}");
        var stride = Math.Max(1, sorted.Length / MaxSteps);
        for (var i = 0; i < sorted.Length; i += stride)
        {
            path.Append($"H{Place(frame.X(sorted[i]))}V{Place(frame.Y(100.0 * Math.Min(i + stride, sorted.Length) / sorted.Length))}");
        }

        return El("path", At("class", $"line s{side}"), At("d", path.Append($"H{Place(Frame.RightEdge)}").ToString()));
    }
}
