using Spectre.Console;
using Templating.Benchmarks;
using Templating.ClusterBenchmarks.Results;

namespace Templating.ClusterBenchmarks.Scale;

internal static class ScaleReport
{
    /// <summary>Per VMClone the biggest number may cost so much more than the smallest: linear, and some noise.</summary>
    private const double Linear = 1.3;

    /// <summary>The burst for which a median is promised.</summary>
    private const int BurstOfWarm = 1000;

    public static IEnumerable<Target> Targets(Samples samples, IReadOnlyList<int> counts)
    {
        var (least, most) = (counts.Min(), counts.Max());
        yield return new($"The operator's memory at {most}, peak", 200, AtLeast: false, "MiB", Of(samples, most, "peak_resident_mib"));
        foreach (var count in counts)
        {
            yield return new($"Of {count}, ready", count, AtLeast: true, "", samples.Count(ScaleStep.Name(count, "ready_ms")));
            yield return new($"Of {count}, VMs given twice", 0, AtLeast: false, "", samples.Percentile(ScaleStep.Name(count, "given_twice"), 1));
            if (count == BurstOfWarm && samples.Has(ScaleStep.Name(count, "warm_ready_ms")))
            {
                yield return new($"Of {count}, created to ready from the pool, median", 2, AtLeast: false, "s", Of(samples, count, "warm_ready_ms") / 1000);
            }

            if (samples.Has(ScaleStep.Name(count, "steady.ready_ms")))
            {
                yield return new($"{ScaleStep.SteadyRate} claims a second, created to ready, 99th percentile over the median", 2, AtLeast: false, "x", samples.Percentile(ScaleStep.Name(count, "steady.ready_ms"), 0.99) / Of(samples, count, "steady.ready_ms"));
            }

            if (samples.Has(ScaleStep.Name(count, "load_tool_cores")))
            {
                yield return new($"A load test's own CPU at {LoadTool.Rate} VMClones a second", 0.1, AtLeast: false, "cores", Of(samples, count, "load_tool_cores"));
            }

            if (samples.Has(ScaleStep.Name(count, "churn.offered")))
            {
                yield return new($"Of those that were to come beside {count}, asked for without falling behind", 1, AtLeast: true, "x", Of(samples, count, "churn.asked") / Of(samples, count, "churn.offered"));
                yield return new("VMClones too many or few after that", 0, AtLeast: false, "", Math.Abs(Of(samples, count, "churn.left")));
            }

            yield return new($"Of {count}, retries of reconciles for a VMClone", 1, AtLeast: false, "", Of(samples, count, "retries") / count);
        }

        if (most > least)
        {
            yield return new($"CPU for a VMClone at {most} over {least}", Linear, AtLeast: false, "x", PerClone(samples, most, "cpu_s") / PerClone(samples, least, "cpu_s"));
            yield return new($"Writes for a VMClone at {most} over {least}", Linear, AtLeast: false, "x", PerClone(samples, most, "writes") / PerClone(samples, least, "writes"));
        }
    }

    public static void Print(IAnsiConsole console, Result result, ScaleOptions options, Dictionary<int, IReadOnlyDictionary<string, double>> writes)
    {
        var samples = result.Samples;
        console.WriteLine(result.Host.ToString());
        console.WriteLine($"{options.Nodes} simulated nodes, {options.PoolPercent} % of the VMClones from a pool of as many VMs");
        console.Write(Tables.OfTargets(result.Targets));
        var table = Tables.New(["figure", .. options.Clones.Select(c => $"{c}")]);
        Row("created a second", c => Of(samples, c, "created_per_s"));
        Row("ready a second", c => Of(samples, c, "ready_per_s"));
        foreach (var (kind, key) in ((string, string)[])[("", "ready_ms"), (" warm", "warm_ready_ms"), (" cold", "cold_ready_ms")])
        {
            Row($"created to ready{kind}, median, s", c => samples.Has(ScaleStep.Name(c, key)) ? samples.Median(ScaleStep.Name(c, key)) / 1000 : 0);
            Row($"created to ready{kind}, 99th percentile, s", c => samples.Has(ScaleStep.Name(c, key)) ? samples.Percentile(ScaleStep.Name(c, key), 0.99) / 1000 : 0);
        }

        Row("operator's memory before, MiB", c => Of(samples, c, "prepared_resident_mib"));
        Row("operator's memory, peak, MiB", c => Of(samples, c, "peak_resident_mib"));
        Row("operator's CPU, s", c => Of(samples, c, "cpu_s"));
        Row("operator's CPU for a VMClone, ms", c => PerClone(samples, c, "cpu_s") * 1000);
        Row("API server's and etcd's CPU, s", c => Of(samples, c, "api_server_cpu_s"));
        Row("simulator's and client's CPU, s", c => Of(samples, c, "simulator_cpu_s"));
        Row("operator's writes for a VMClone", c => PerClone(samples, c, "writes"));
        Row("  of vmclones, as the API server counted", c => PerClone(samples, c, "writes_vmclones_by_server"));
        foreach (var kind in writes.Values.SelectMany(w => w.Where(k => k.Value > 0).Select(k => k.Key)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            Row($"  {kind}", c => writes[c].GetValueOrDefault(kind) / c);
        }

        Row("conflicts", c => Of(samples, c, "conflicts"));
        Row("retries", c => Of(samples, c, "retries"));
        Row("keys waiting, most", c => samples.Percentile(ScaleStep.Name(c, "queue_depth"), 1));
        Row("VMs activated for nobody", c => Of(samples, c, "activated_for_nobody"));
        if (options.ChurnRate > 0)
        {
            Row("offered a second beside them", c => Offered(samples, c));
            Row("  asked for, the cluster keeping up, of these", c => Of(samples, c, "churn.asked") / Of(samples, c, "churn.offered"));
            Row("  ready a second", c => Of(samples, c, "churn.ready_per_s"));
            Row("  created to ready, median, s", c => Of(samples, c, "churn.ready_ms") / 1000);
            Row("  created to ready, 99th percentile, s", c => samples.Percentile(ScaleStep.Name(c, "churn.ready_ms"), 0.99) / 1000);
            Row("  operator's memory, peak since its start, MiB", c => Of(samples, c, "churn.peak_resident_mib"));
            Row("  operator's CPU, cores", c => Of(samples, c, "churn.cpu_s") / Of(samples, c, "churn.took_s"));
            Row("  API server's and etcd's CPU, cores", c => Of(samples, c, "churn.api_server_cpu_s") / Of(samples, c, "churn.took_s"));
            Row("  operator's writes for a VMClone", c => Of(samples, c, "churn.writes") / Of(samples, c, "churn.asked"));
            Row("  retries, conflicts", c => Of(samples, c, "churn.retries") + Of(samples, c, "churn.conflicts"));
            Row("  keys waiting, most", c => samples.Percentile(ScaleStep.Name(c, "churn.queue_depth"), 1));
        }

        console.Write(table);

        void Row(string name, Func<int, double> figure) => table.AddRow([name, .. options.Clones.Select(c => Tables.Number(figure(c)))]);
    }

    private static double Of(Samples samples, int count, string figure) => samples.Median(ScaleStep.Name(count, figure));

    private static double Offered(Samples samples, int count) => Of(samples, count, "churn.offered") / Of(samples, count, "churn.took_s");

    private static double PerClone(Samples samples, int count, string figure) => Of(samples, count, figure) / count;
}
