using System.Diagnostics;
using Templating.Benchmarks;
using Templating.ClusterBenchmarks.Cluster;

namespace Templating.ClusterBenchmarks.Scale;

/// <summary>What <c>kubectl templating load</c> itself takes of a core while it asks for VMClones at a steady rate.</summary>
internal sealed class LoadTool(string executable)
{
    public const int Rate = 50;

    /// <summary>Its code is compiled, and its connections are made.</summary>
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Steady = TimeSpan.FromMinutes(1);

    /// <summary>For the rest: what it made is deleted, and its page written.</summary>
    private static readonly TimeSpan EndLimit = TimeSpan.FromMinutes(10);

    /// <param name="kubeconfig">Of the cluster.</param>
    /// <param name="namespace">Which has the pool.</param>
    /// <param name="folder">For the recipe, the tool's log and its report.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Cores, from the end of the warm-up to the last arrival.</returns>
    public async Task<double> MeasureAsync(string kubeconfig, string @namespace, string folder, CancellationToken cancellationToken)
    {
        var recipe = Path.Combine(folder, "load.yaml");
        await File.WriteAllTextAsync(
            recipe,
            $$"""
            version: 1
            name: own-cpu
            subjects: [{name: vm, pool: {{Specs.Pool}}}]
            stages:
              - steady: {rate: {{Rate}}, over: {{WarmUp.TotalSeconds + Steady.TotalSeconds}}s}
            lifetime: 1s
            timeout: 10m
            alive: 10000
            """,
            cancellationToken);
        var log = Path.Combine(folder, "load.log");
        using var child = Child.StartLogged(
            log, new Dictionary<string, string>(StringComparer.Ordinal) { ["KUBECONFIG"] = kubeconfig },
            executable, "load", "run", recipe, "--namespace", @namespace, "--output", Path.Combine(folder, "load"));
        try
        {
            var figures = new HostFigures(child.Pid);
            await Task.Delay(WarmUp, TimeProvider.System, cancellationToken);
            RequireAlive(child, log);
            var (start, cpu) = (Stopwatch.GetTimestamp(), figures.CpuSeconds);
            // It is over a little later: its first arrivals waited for its own start.
            await Task.Delay(Steady, TimeProvider.System, cancellationToken);
            RequireAlive(child, log);
            var cores = (figures.CpuSeconds - cpu) / Stopwatch.GetElapsedTime(start).TotalSeconds;
            await child.WaitAsync(cancellationToken).WaitAsync(EndLimit, TimeProvider.System, cancellationToken);
            return child.ExitCode == 0 ? cores : throw new BenchmarkException($"The load test ended with {child.ExitCode}:\n{Commands.Tail(log)}");
        }
        finally
        {
            if (!child.Ended)
            {
                // As Ctrl-C does: it removes what it made.
                Processes.Signal(child.Pid, Processes.SignalTerminate);
                await child.WaitAsync(CancellationToken.None);
            }
        }
    }

    private static void RequireAlive(Child child, string log)
    {
        if (child.Ended)
        {
            throw new BenchmarkException($"The load test ended early, with {child.ExitCode}:\n{Commands.Tail(log)}");
        }
    }
}
