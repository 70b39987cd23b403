using System.Globalization;
using System.Text;
using Templating.Kubectl.Load.Running;
using Templating.Kubectl.Load.Samples;
using Templating.Kubectl.Output;
using Templating.Terminal.Tables;

namespace Templating.Kubectl.Load.Reports;

/// <summary>A run for people at a terminal.</summary>
internal static class ResultTable
{
    private static readonly string[] Head = ["SIDE", "ASKED", "USABLE", "FAILED", "PER SECOND", "P50", "P90", "P99", "MAX"];

    /// <param name="result">Of the run.</param>
    /// <param name="room">The columns of the terminal; null where nothing is to be cut.</param>
    public static string Of(RunResult result, int? room)
    {
        var text = new StringBuilder();
        text.Append(Sheets.Of(Head, SideSummary.Of(result.Samples).Select(side => Row(side, result.Samples)), room));
        Add(text, room, ["FAILURE", "COUNT"], Failures.Of(result.Samples).Select(f => new[] { f.Reason, Number(f.Count) }));
        Add(text, room, ["THRESHOLD", "MEASURED", "MET"], result.Verdicts.Select(v => new[] { v.Wanted, v.Measured, v.Met ? "yes" : "NO" }));
        Add(text, room, ["OPERATOR", "CORES", "MOST", "FOR EACH", "MEMORY", "WAITING"], Operator(result));
        foreach (var line in Remarks.Of(result))
        {
            text.Append('\n').Append(PlainText.Of(line));
        }

        return text.ToString().TrimEnd('\n') + "\n";
    }

    private static string[] Row(SideSummary side, IReadOnlyList<Sample> samples) =>
    [
        side.Name, Number(side.Asked), Number(side.Usable), Number(side.Failed),
        RunFigures.Rate([.. samples.Where(s => s.Side() == side.Name)]) is { } rate ? rate.ToString("0.0", CultureInfo.InvariantCulture) : "-",
        Texts.Time(side.Time(0.5)), Texts.Time(side.Time(0.9)), Texts.Time(side.Time(0.99)), Texts.Time(side.Time(1)),
    ];

    /// <summary>Its CPU in the mean, at most, and for each VMClone; the most of its memory, and of the keys that waited.</summary>
    private static IEnumerable<string[]> Operator(RunResult result) => result.OfOperator() is { } figures
        ?
        [
            [
                "leader", $"{figures.Cores:0.00}", $"{figures.MostCores:0.00}", figures.Milliseconds is { } each ? $"{each:0.0} ms" : "-",
                $"{figures.MostMiB:0} MiB", $"{figures.MostWaiting:0}",
            ],
        ]
        : [];

    private static void Add(StringBuilder text, int? room, string[] head, IEnumerable<string[]> rows)
    {
        var all = rows.ToList();
        if (all.Count > 0)
        {
            text.Append('\n').Append(Sheets.Of(head, all, room));
        }
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
