using System.Globalization;
using System.Xml;
using System.Xml.Linq;
using static Templating.Plots.Html;

namespace Templating.Plots;

/// <summary>A page that needs nothing else: no script, no picture, no font from anywhere.</summary>
internal static class PlotPage
{
    /// <param name="title">Of the window.</param>
    /// <param name="header">What stands above all; text is encoded, wherever it came from.</param>
    /// <param name="main">The page's sections.</param>
    public static string Html(string title, IEnumerable<XElement> header, IEnumerable<XElement> main)
    {
        var text = new StringWriter(CultureInfo.InvariantCulture);
        text.WriteLine("<!DOCTYPE html>");
        var settings = new XmlWriterSettings { OmitXmlDeclaration = true, ConformanceLevel = ConformanceLevel.Fragment };
        using (var writer = XmlWriter.Create(text, settings))
        {
            El("html", At("lang", "en"), Head(title), El("body", El("header", header), El("main", main))).WriteTo(writer);
        }

        text.WriteLine();
        return text.ToString();
    }

    private static XElement Head(string title)
    {
        using var style = new StreamReader(typeof(PlotPage).Assembly.GetManifestResourceStream("page.css")!);
        return El(
            "head",
            El("meta", At("charset", "utf-8")),
            El("meta", At("name", "viewport"), At("content", "width=device-width, initial-scale=1")),
            El("meta", At("http-equiv", "Content-Security-Policy"), At("content", "default-src 'none'; style-src 'unsafe-inline'")),
            El("title", title),
            El("style", style.ReadToEnd()));
    }
}
