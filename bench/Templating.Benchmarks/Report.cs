using Spectre.Console;
using Templating.Plots;

namespace Templating.Benchmarks;

/// <summary>Tables for people.</summary>
internal static class Report
{
    public static void Print(IAnsiConsole console, Result result)
    {
        console.WriteLine($"{result.Machine}, load {result.Machine.LoadBefore} before, {result.LoadAfter} after");
        Targets(console, result.Targets);
        if (result.Samples.Has("clone.running"))
        {
            Compared(console, result.Samples);
            Steps(console, result.Samples);
        }

        Others(console, result.Samples);
    }

    private static void Targets(IAnsiConsole console, IReadOnlyList<Target> targets)
    {
        var table = NewTable("promise", "target", "measured", "met");
        foreach (var target in targets)
        {
            table.AddRow(target.Name, $"{(target.AtLeast ? ">=" : "<=")} {Numbers.Text(target.Limit)} {target.Unit}",
                $"{Numbers.Text(target.Measured)} {target.Unit}", target.Met ? "yes" : "NO");
        }

        console.Write(table);
    }

    private static void Compared(IAnsiConsole console, Samples samples)
    {
        var table = NewTable("by turns", "samples", "median", "p99", "samples", "median", "p99", "ratio", "paired ratio");
        foreach (var c in Comparisons.All.Where(c => c.IsIn(samples)))
        {
            table.AddRow(
                $"{c.OursIs} / {c.TheirsIs}, {c.Unit}", $"{samples.Count(c.Ours)}", Median(samples, c.Ours), Numbers.Text(samples.Percentile(c.Ours, 0.99)),
                $"{samples.Count(c.Theirs)}", Median(samples, c.Theirs), Numbers.Text(samples.Percentile(c.Theirs, 0.99)),
                Numbers.Text(samples.Ratio(c.Ours, c.Theirs)), Numbers.Text(samples.PairedRatio(c.Ours, c.Theirs)));
        }

        console.Write(table);
    }

    /// <summary>Each step of a clone's way, ours beside the bare driver's.</summary>
    private static void Steps(IAnsiConsole console, Samples samples)
    {
        var table = NewTable("milliseconds", "templating", "(least)", "bare QEMU", "(least)", "ratio", "paired ratio");
        (string Name, string Key)[] rows =
        [
            ("to running", "running"), .. Phases("running"), ("to ready", "ready"), .. Phases("ready"), ("to HTTP answer", "http"),
        ];
        foreach (var (name, key) in rows.Where(r => samples.Has("clone." + r.Key)))
        {
            var (ours, bare) = ("clone." + key, "bare." + key);
            table.AddRow(samples.Has(bare)
                ? [name, Median(samples, ours), Least(samples, ours), Median(samples, bare), Least(samples, bare),
                    Numbers.Text(samples.Ratio(ours, bare)), Numbers.Text(samples.PairedRatio(ours, bare))]
                : [name, Median(samples, ours), Least(samples, ours), "", "", "", ""]);
        }

        table.AddRow("boot to HTTP answer", "", "", Median(samples, "boot.http"), Least(samples, "boot.http"), "", "");
        console.Write(table);
    }

    private static void Others(IAnsiConsole console, Samples samples)
    {
        var table = NewTable("figure", "median", "least", "p99");
        string[] groups = ["daemon.", "idle.", "memory.", "shared.", "storm.", "sandbox.", "density.", "pool.", "blank."];
        foreach (var (name, _) in samples.All.Where(s => groups.Any(g => s.Key.StartsWith(g, StringComparison.Ordinal))))
        {
            table.AddRow(name, Median(samples, name), Least(samples, name), Numbers.Text(samples.Percentile(name, 0.99)));
        }

        console.Write(table);
    }

    private static IEnumerable<(string Name, string Key)> Phases(string until) =>
        ((string[])["queue", "verify", "qemu_start", "restore", "resume", "identity"])
            .Select(phase => ($"  {phase}", $"{until}.phase.{phase}"));

    private static Table NewTable(params string[] columns)
    {
        var table = new Table().Border(TableBorder.Ascii2);
        for (var i = 0; i < columns.Length; i++)
        {
            var column = new TableColumn(columns[i]).NoWrap();
            table.AddColumn(i == 0 ? column : column.RightAligned());
        }

        return table;
    }

    private static string Median(Samples samples, string name) => Numbers.Text(samples.Median(name));

    private static string Least(Samples samples, string name) => Numbers.Text(samples.Least(name));
}
