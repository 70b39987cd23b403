using System.Globalization;
using System.Xml;
using System.Xml.Linq;
using Templating.Kubectl.Load.Running;
using Templating.Kubectl.Load.Samples;

namespace Templating.Kubectl.Load.Reports;

/// <summary>
/// A run as CI services read tests: a case for each threshold, one that it came to its end, one that something became usable, and one that
/// nothing was left.
/// </summary>
internal static class JUnitXml
{
    public static string Of(RunResult result)
    {
        var broken = result.Fault ?? (result.Interrupted ? "It was broken off." : null);
        Verdict[] all =
        [
            .. result.Verdicts,
            new("the run comes to its end", broken ?? "it did", broken is null),
            new("something becomes usable", result.IsForNothing ? "nothing did" : "it did", !result.IsForNothing),
            new("nothing is left behind", result.Left.Count == 0 ? "nothing" : string.Join("; ", result.Left.Select(l => l.Text)), result.Left.Count == 0),
        ];
        var suite = new XElement(
            "testsuite",
            new XAttribute("name", $"load {result.Recipe.Name}"),
            new XAttribute("tests", all.Length),
            new XAttribute("failures", all.Count(v => !v.Met)),
            new XAttribute("timestamp", result.Began.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture)),
            new XAttribute("time", Seconds(result.Seconds)),
            all.Select((v, i) => Case(result, v, i == 0)));
        return new XDeclaration("1.0", "utf-8", null) + "\n" + new XElement("testsuites", suite) + "\n";
    }

    private static XElement Case(RunResult result, Verdict verdict, bool first) => new(
        "testcase",
        new XAttribute("classname", $"load.{result.Recipe.Name}"),
        new XAttribute("name", Fit(verdict.Wanted)),
        // Some readers add the cases' times up.
        new XAttribute("time", first ? Seconds(result.Seconds) : "0"),
        verdict.Met ? null : new XElement("failure", new XAttribute("message", Fit($"{verdict.Wanted}: {verdict.Measured}"))));

    private static string Seconds(double seconds) => seconds.ToString("0.###", CultureInfo.InvariantCulture);

    /// <summary>XML has no form for most control characters.</summary>
    internal static string Fit(string text) => text.All(XmlConvert.IsXmlChar) ? text : string.Concat(text.Select(c => XmlConvert.IsXmlChar(c) ? c : '\uFFFD'));
}
