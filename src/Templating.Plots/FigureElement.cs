using System.Xml.Linq;
using static Templating.Plots.Html;

namespace Templating.Plots;

/// <summary>A plot with its heading, its legend, how to read it, and the same in numbers.</summary>
internal static class FigureElement
{
    /// <param name="name">Its heading.</param>
    /// <param name="plot">The SVG.</param>
    /// <param name="legend">What the sides are, in the order of their colours.</param>
    /// <param name="caption">How to read it.</param>
    /// <param name="table">The same in numbers.</param>
    public static XElement Of(string name, XElement plot, IReadOnlyList<string> legend, string caption, XElement table) => El(
        "figure",
        El("h3", name),
        El("ul", At("class", "legend"), legend.Select((side, i) => El("li", Key($"s{i}"), side))),
        Wide($"Plot: {name}", plot),
        El("figcaption", caption),
        table);

    private static XElement Key(string side) => El(
        "svg", At("class", "key"), At("viewBox", "0 0 28 12"), At("aria-hidden", "true"),
        El("rect", At("class", $"block {side}"), At("x", 0), At("y", 1), At("width", 28), At("height", 10)));
}
