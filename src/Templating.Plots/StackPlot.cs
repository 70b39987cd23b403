using System.Globalization;
using System.Xml.Linq;
using static Templating.Plots.Html;

namespace Templating.Plots;

/// <summary>Of what a time consists: a bar for each row, its parts one after the other.</summary>
internal static class StackPlot
{
    private const double Left = 170;
    private const double Bar = 26;
    private const double Line = 40;
    private const double Top = 8;
    private const double Bottom = 48;

    /// <param name="name">Its heading.</param>
    /// <param name="across">What the axis has, with its unit.</param>
    /// <param name="caption">How to read it.</param>
    /// <param name="legend">What the parts are.</param>
    /// <param name="rows">At least one, each with as many parts as the legend has.</param>
    public static XElement Figure(string name, string across, string caption, IReadOnlyList<string> legend, IReadOnlyList<(string Name, double[] Parts)> rows)
    {
        var axis = Axis.FromZero(rows.Select(r => r.Parts.Sum()));
        var height = Top + (rows.Count * Line) + Bottom;
        return FigureElement.Of(
            name,
            El(
                "svg", At("role", "img"), At("viewBox", string.Create(CultureInfo.InvariantCulture, $"0 0 {Frame.Width} {height}")),
                At("aria-label", $"{name}. {string.Join(". ", rows.Select(r => $"{r.Name}: {string.Join(", ", r.Parts.Zip(legend, (ms, phase) => $"{phase} {Numbers.Text(ms)} ms"))}"))}."),
                axis.Ticks.Select(tick => El(
                    "g",
                    El("line", At("class", "grid"), At("x1", X(axis, tick)), At("y1", Top), At("x2", X(axis, tick)), At("y2", height - Bottom)),
                    Frame.Text(X(axis, tick), height - Bottom + 18, "middle", Numbers.Tick(tick)))),
                Frame.Text((Left + Frame.Width) / 2, height - 8, "middle", across),
                rows.Select((row, i) => Stack(axis, row.Name, row.Parts, Top + (i * Line)))),
            legend,
            caption,
            Table(
                $"{name}, ms", ["", .. legend, "together"],
                rows.Select(r => (IReadOnlyList<string>)[r.Name, .. r.Parts.Select(Numbers.Text), Numbers.Text(r.Parts.Sum())])));
    }

    private static XElement Stack(Axis axis, string name, double[] parts, double y)
    {
        var ends = new double[parts.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            ends[i] = parts[i] + (i > 0 ? ends[i - 1] : 0);
        }

        return El(
            "g", Frame.Text(Left - 10, y + (Line / 2) + 4, "end", name),
            parts.Select((part, i) => El(
                "rect", At("class", $"block s{i}"), At("x", X(axis, ends[i] - part)), At("y", y + ((Line - Bar) / 2)),
                At("width", X(axis, ends[i]) - X(axis, ends[i] - part)), At("height", Bar))));
    }

    private static double X(Axis axis, double value) => Left + (axis.Place(value) * (Frame.Width - Left - 24));
}
