using Spectre.Console;
using Templating.Benchmarks;
using Templating.ClusterBenchmarks.Results;

namespace Templating.ClusterBenchmarks.Pods;

internal static class PodsReport
{
    public static IEnumerable<Target> Targets(Samples samples) =>
    [
        new("Pod in a VM, RunPodSandbox to StartContainer, over runc", 3, AtLeast: false, "x", samples.PairedRatio("vm.ms", "runc.ms")),
        new("The same over one whose VM is booted", 0.2, AtLeast: false, "x", samples.PairedRatio("vm.ms", "booted.ms")),
        new("Memory of a pod's shim, resident", 20, AtLeast: false, "MiB", samples.Median("vm.memory.shim_resident_mib")),
        new("Something left of pods that came at once", 0, AtLeast: false, "", Runtimes.All.Sum(r => samples.Mean($"{r}.burst.left"))),
    ];

    public static void Print(IAnsiConsole console, Result result)
    {
        var samples = result.Samples;
        console.WriteLine(result.Host.ToString());
        console.Write(Tables.OfTargets(result.Targets));
        console.Write(Times(samples));
        console.Write(Steps(samples));
        console.Write(Side(samples, "MiB of a pod at rest", "memory"));
        console.Write(Side(samples, "pods at once", "burst"));
    }

    private static Table Times(Samples samples)
    {
        var table = Tables.New("milliseconds", "runc", "(least)", "VM", "(least)", "paired ratio");
        foreach (var (name, key) in ((string, string)[])
            [
                ("created to Running, as a watch tells", "running_ms"), ("created to the first answer", "answer_ms"), ("RunPodSandbox to StartContainer", "ms"),
                .. Calls(samples),
            ])
        {
            var (runc, vm) = ($"{Runtimes.Runc}.{key}", $"{Runtimes.Vm}.{key}");
            table.AddRow(name, Median(samples, runc), Tables.Number(samples.Least(runc)), Median(samples, vm), Tables.Number(samples.Least(vm)),
                Tables.Number(samples.PairedRatio(vm, runc)));
        }

        table.AddRow("boot of the template's guest", "", "", Median(samples, "boot.ms"), Tables.Number(samples.Least("boot.ms")), "");
        table.AddRow("RunPodSandbox to StartContainer with a boot", "", "", Median(samples, "booted.ms"), Tables.Number(samples.Least("booted.ms")), "");
        return table;
    }

    private static IEnumerable<(string, string)> Calls(Samples samples) => samples.All
        .Where(s => s.Key.StartsWith("vm.call.", StringComparison.Ordinal)).Select(s => ("  " + s.Key["vm.call.".Length..], s.Key["vm.".Length..]));

    private static Table Steps(Samples samples)
    {
        var table = Tables.New("the shim's steps, milliseconds; some go side by side", "median", "least", "most");
        foreach (var (name, _) in samples.All.Where(s => s.Key.StartsWith("vm.step.", StringComparison.Ordinal)))
        {
            table.AddRow(name["vm.step.".Length..], Median(samples, name), Tables.Number(samples.Least(name)), Tables.Number(samples.Percentile(name, 1)));
        }

        return table;
    }

    private static Table Side(Samples samples, string title, string group)
    {
        var table = Tables.New(title, "runc", "(most)", "VM", "(most)");
        var prefix = $"{Runtimes.Vm}.{group}.";
        foreach (var (name, _) in samples.All.Where(s => s.Key.StartsWith(prefix, StringComparison.Ordinal)))
        {
            var runc = $"{Runtimes.Runc}.{group}.{name[prefix.Length..]}";
            table.AddRow(name[prefix.Length..], Median(samples, runc), Tables.Number(samples.Percentile(runc, 1)), Median(samples, name),
                Tables.Number(samples.Percentile(name, 1)));
        }

        return table;
    }

    private static string Median(Samples samples, string name) => Tables.Number(samples.Median(name));
}
