using Spectre.Console;
using Templating.Benchmarks;
using Templating.ClusterBenchmarks.Results;

namespace Templating.ClusterBenchmarks.Life;

internal static class LifeReport
{
    public static IEnumerable<Target> Targets(Samples samples) =>
    [
        new("VMClone from a pool to ready, over a plain pod to running", 0.3, AtLeast: false, "x", samples.Ratio("warm.ms", "plain.ms")),
        new("Cold VMClone to ready, over a plain pod to running", 1.6, AtLeast: false, "x", samples.Ratio("cold.ms", "plain.ms")),
        new("API writes for a warm claim with the pool's refill, most", 4, AtLeast: false, "", samples.Percentile("warm.writes", 1)),
    ];

    public static void Print(IAnsiConsole console, Result result, IReadOnlyDictionary<string, double> writesByKind)
    {
        var samples = result.Samples;
        console.WriteLine(result.Host.ToString());
        console.Write(Tables.OfTargets(result.Targets));
        var table = Tables.New("milliseconds", "median", "least", "most", "by plain", "paired");
        foreach (var (name, key) in ((string, string)[])[("plain pod to running", "plain"), ("warm VMClone to ready", "warm"), ("cold VMClone to ready", "cold")])
        {
            var sample = key + ".ms";
            table.AddRow(name, Tables.Number(samples.Median(sample)), Tables.Number(samples.Least(sample)), Tables.Number(samples.Percentile(sample, 1)),
                Tables.Number(samples.Ratio(sample, "plain.ms")), Tables.Number(samples.PairedRatio(sample, "plain.ms")));
            foreach (var (phase, _) in samples.All.Where(s => s.Key.StartsWith(key + ".phase.", StringComparison.Ordinal)))
            {
                table.AddRow("  " + phase[(key.Length + ".phase.".Length)..], Tables.Number(samples.Median(phase)),
                    Tables.Number(samples.Least(phase)), Tables.Number(samples.Percentile(phase, 1)), "", "");
            }
        }

        console.Write(table);
        var writes = Tables.New("the operator's writes for a warm claim", "mean");
        var rounds = samples.Count("warm.writes");
        foreach (var (kind, count) in writesByKind.Where(w => w.Value > 0).OrderBy(w => w.Key, StringComparer.Ordinal))
        {
            writes.AddRow(kind, Tables.Number(count / rounds));
        }

        writes.AddRow("in all, with the pool's refill", Tables.Number(samples.Mean("warm.writes")));
        writes.AddRow("of vmclones, as the API server counted", Tables.Number(samples.Mean("warm.writes_vmclones_by_server")));
        console.Write(writes);
    }
}
