using System.Xml.Linq;
using Templating.Kubectl.Load.Running;
using Templating.Kubectl.Load.Samples;
using Templating.Plots;

namespace Templating.Kubectl.Load.Reports;

/// <summary>What the operator took over time, where its metrics were to be had.</summary>
internal static class OperatorPlots
{
    public static IEnumerable<XElement> Of(RunResult result)
    {
        var steps = OperatorFigures.Steps(result.Operator);
        if (steps.Count > 0)
        {
            yield return Plot(
                "Operator: CPU", "cores", "Of the one that leads, between two looks at its metrics.", steps, points => [new("cores", [.. points.Select(p => (At(p.At), p.Cores))])]);
        }

        if (result.Operator.Count > 0)
        {
            yield return Plot(
                "Operator: memory", "MiB", "Its working set.", result.Operator, levels => [new("memory", [.. levels.Select(l => (At(l.At), l.MemoryMiB))])]);
            string[] controllers = [.. result.Operator.SelectMany(l => l.Waiting.Keys).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
            if (controllers.Length > 0)
            {
                yield return Plot(
                    "Operator: queues", "keys", "Objects that wait to be looked at, by controller.", result.Operator,
                    levels => [.. controllers.Select(c => new Series(JUnitXml.Fit(c), [.. levels.Select(l => (At(l.At), l.Waiting.GetValueOrDefault(c)))]))]);
            }
        }
    }

    private static XElement Plot<T>(string name, string unit, string caption, IReadOnlyList<T> all, Func<IReadOnlyList<T>, Series[]> series) => LinePlot.Figure(
        name, "seconds", unit, caption, series(Thinned.Of(all, TimePlots.MostWindows)), TimePlots.Rows($"{name}, {unit}", series(Thinned.Of(all, TimePlots.MostRows))));

    private static double At(double seconds) => Math.Round(seconds, 2);
}
