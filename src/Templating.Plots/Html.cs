using System.Globalization;
using System.Xml.Linq;

namespace Templating.Plots;

/// <summary>Elements of the page.</summary>
internal static class Html
{
    /// <summary>Those that have no end tag; all others must have one, also where there is nothing in them.</summary>
    private static readonly HashSet<string> Void = new(["meta", "line", "path", "rect", "circle"], StringComparer.Ordinal);

    public static XElement El(string name, params object?[] content)
    {
        var element = new XElement(name, content);
        if (element.IsEmpty && !Void.Contains(name))
        {
            element.Value = "";
        }

        return element;
    }

    public static XAttribute At(string name, object value) => new(name, value is double number ? Place(number) : value);

    /// <summary>A coordinate; more digits than a screen has would be most of the page.</summary>
    public static string Place(double value) => Math.Round(value, 1).ToString(CultureInfo.InvariantCulture);

    public static XElement Table(string caption, IEnumerable<string> columns, IEnumerable<IReadOnlyList<string>> rows) => Wide(caption, El(
        "table",
        El("caption", caption),
        El("thead", El("tr", columns.Select(c => El("th", At("scope", "col"), c)))),
        El("tbody", rows.Select(row => El("tr", El("th", At("scope", "row"), row[0]), row.Skip(1).Select(cell => El("td", cell)))))));

    /// <summary>What scrolls by itself on a narrow screen, also by keys.</summary>
    public static XElement Wide(string name, XElement content) =>
        El("div", At("class", "wide"), At("tabindex", "0"), At("role", "region"), At("aria-label", name), content);
}
