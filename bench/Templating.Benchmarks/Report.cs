using System.Globalization;
using Spectre.Console;

namespace Templating.Benchmarks;

/// <summary>Tables for people.</summary>
internal static class Report
{
    public static void Print(IAnsiConsole console, MachineInfo machine, Samples samples, IReadOnlyList<Target> targets)
    {
        console.WriteLine(
            $"{machine.Cpu}, {machine.Cores} cores, Linux {machine.Kernel}, QEMU {machine.Qemu} ({machine.Accelerator}), "
            + $"load {machine.LoadBefore} before, {MachineInfo.Load()} after");
        Targets(console, targets);
        Steps(console, samples);
        Others(console, samples);
    }

    private static void Targets(IAnsiConsole console, IReadOnlyList<Target> targets)
    {
        var table = NewTable("promise", "target", "measured", "met");
        foreach (var target in targets)
        {
            table.AddRow(target.Name, $"{(target.AtLeast ? ">=" : "<=")} {Number(target.Limit)} {target.Unit}",
                $"{Number(target.Measured)} {target.Unit}", target.Met ? "yes" : "NO");
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
                    Number(samples.Ratio(ours, bare)), Number(samples.PairedRatio(ours, bare))]
                : [name, Median(samples, ours), Least(samples, ours), "", "", "", ""]);
        }

        table.AddRow("boot to HTTP answer", "", "", Median(samples, "boot.http"), Least(samples, "boot.http"), "", "");
        console.Write(table);
    }

    private static void Others(IAnsiConsole console, Samples samples)
    {
        var table = NewTable("figure", "median", "least", "90th percentile");
        foreach (var (name, _) in samples.All.Where(s => s.Key.StartsWith("daemon.", StringComparison.Ordinal)
            || s.Key.StartsWith("memory.", StringComparison.Ordinal) || s.Key.StartsWith("sandbox.", StringComparison.Ordinal)))
        {
            table.AddRow(name, Median(samples, name), Least(samples, name), Number(samples.Percentile(name, 0.9)));
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

    private static string Median(Samples samples, string name) => Number(samples.Median(name));

    private static string Least(Samples samples, string name) => Number(samples.Least(name));

    private static string Number(double value) =>
        value.ToString(Math.Abs(value) >= 100 ? "0" : Math.Abs(value) >= 10 ? "0.0" : "0.00", CultureInfo.InvariantCulture);
}
