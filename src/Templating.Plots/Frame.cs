using System.Xml.Linq;
using static Templating.Plots.Html;

namespace Templating.Plots;

/// <summary>A plot's room: its axes with their marks, and places within. Colours and letters are the page's style.</summary>
internal sealed class Frame(Axis x, Axis y)
{
    public const double Width = 720;
    public const double Roof = 40;
    public const double Floor = Height - 54;
    public const double RightEdge = Width - 24;

    private const double Height = 300;
    private const double Left = 64;

    public double X(double value) => Left + (x.Place(value) * (RightEdge - Left));

    public double Y(double value) => Floor - (y.Place(value) * (Floor - Roof));

    /// <param name="name">What a reader who does not see it is told first.</param>
    /// <param name="description">And then.</param>
    /// <param name="across">What the axis below has, with its unit.</param>
    /// <param name="up">And the one at the side.</param>
    /// <param name="content">What is plotted.</param>
    public XElement Svg(string name, string description, string across, string up, IEnumerable<XElement> content) => El(
        "svg", At("role", "img"), At("viewBox", $"0 0 {Width} {Height}"), At("aria-label", $"{name}. {description}"),
        x.Ticks.Select(tick => Mark(X(tick), Floor + 24, "middle", tick, X(tick), Roof, X(tick), Floor)),
        y.Ticks.Select(tick => Mark(Left - 10, Y(tick) + 4, "end", tick, Left, Y(tick), RightEdge, Y(tick))),
        Text((Left + RightEdge) / 2, Height - 8, "middle", across),
        Text(8, 14, "start", up),
        content);

    public static XElement Text(double x, double y, string anchor, string text) =>
        El("text", At("x", x), At("y", y), At("text-anchor", anchor), text);

    private static XElement Mark(double x, double y, string anchor, double tick, double x1, double y1, double x2, double y2) => El(
        "g", El("line", At("class", "grid"), At("x1", x1), At("y1", y1), At("x2", x2), At("y2", y2)),
        Text(x, y, anchor, Numbers.Tick(tick)));
}
