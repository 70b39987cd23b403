using System.Globalization;
using Spectre.Console;
using Templating.Benchmarks;

namespace Templating.ClusterBenchmarks.Results;

/// <summary>Tables for people.</summary>
internal static class Tables
{
    public static Table New(params string[] columns)
    {
        var table = new Table().Border(TableBorder.Ascii2);
        for (var i = 0; i < columns.Length; i++)
        {
            var column = new TableColumn(columns[i]).NoWrap();
            table.AddColumn(i == 0 ? column : column.RightAligned());
        }

        return table;
    }

    public static Table OfTargets(IEnumerable<Target> targets)
    {
        var table = New("promise", "target", "measured", "met");
        foreach (var target in targets)
        {
            table.AddRow(target.Name, $"{(target.AtLeast ? ">=" : "<=")} {Number(target.Limit)} {target.Unit}",
                $"{Number(target.Measured)} {target.Unit}", target.Met ? "yes" : "NO");
        }

        return table;
    }

    public static string Number(double value) =>
        value.ToString(Math.Abs(value) >= 100 ? "0" : Math.Abs(value) >= 10 ? "0.0" : "0.00", CultureInfo.InvariantCulture);
}
