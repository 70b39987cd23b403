using Templating.Benchmarks;
using Templating.ClusterBenchmarks.Cluster;
using Templating.ClusterBenchmarks.Results;
using Templating.Kubernetes;

namespace Templating.ClusterBenchmarks.Scale;

/// <summary>One number of VMClones, on an API server and an operator of its own.</summary>
internal sealed class ScaleStep(ScaleOptions options, Samples samples)
{
    /// <summary>The operator's code is compiled as it is first run; that is no VMClone's cost.</summary>
    private const int WarmUp = 50;

    /// <returns>The operator's writes by kind.</returns>
    public async Task<IReadOnlyDictionary<string, double>> RunAsync(int count, string folder, CancellationToken cancellationToken)
    {
        var replicas = count * options.PoolPercent / 100;
        Terminal.Say($"{count} VMClones, {replicas} of them from a pool of as many: setting the stage");
        await using var stage = await Stage.SetAsync(options, replicas, folder, cancellationToken);
        samples.Add(Name(count, "prepared_resident_mib"), stage.Operator.Figures.ResidentMiB);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var run = MeasureAsync(stage, count, end.Token);
        // A kubelet that failed would be waited for in vain.
        if (await Task.WhenAny(run, stage.Kubelets.Completion) != run)
        {
            await end.CancelAsync();
            await ((Task)run).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await stage.Kubelets.Completion;
        }

        return await run;
    }

    public static string Name(int count, string figure) => $"scale.{count}.{figure}";

    private async Task<IReadOnlyDictionary<string, double>> MeasureAsync(Stage stage, int count, CancellationToken cancellationToken)
    {
        await stage.Storm.RunAsync("warm-up", WarmUp, options.PoolPercent, cancellationToken);
        await stage.WaitQuietAsync(cancellationToken);

        Terminal.Say($"{count} VMClones: go");
        var before = await stage.Operator.MetricsAsync(cancellationToken);
        var serverBefore = await ApiServerMetrics.ReadAsync(stage.Client.Api, cancellationToken);
        var (cpu, serverCpu, ownCpu) = (stage.Operator.Figures.CpuSeconds, stage.Server.CpuSeconds(), Own.CpuSeconds);
        Storm.Outcome outcome;
        await using (var sampler = new Sampler(stage.Operator))
        {
            outcome = await stage.Storm.RunAsync("clone", count, options.PoolPercent, cancellationToken);
            await stage.WaitQuietAsync(cancellationToken);
            samples.AddAll(Name(count, "queue_depth"), sampler.QueueDepths);
            samples.AddAll(Name(count, "resident_mib"), sampler.ResidentMiB);
        }

        Add("cpu_s", stage.Operator.Figures.CpuSeconds - cpu);
        Add("api_server_cpu_s", stage.Server.CpuSeconds() - serverCpu);
        Add("simulator_cpu_s", Own.CpuSeconds - ownCpu);
        Add("peak_resident_mib", stage.Operator.Figures.PeakResidentMiB);
        var after = await stage.Operator.MetricsAsync(cancellationToken);
        var serverAfter = await ApiServerMetrics.ReadAsync(stage.Client.Api, cancellationToken);
        Add("writes", after.WritesInAll() - before.WritesInAll());
        Add("writes_vmclones_by_server", serverAfter.WritesOf("vmclones") - serverBefore.WritesOf("vmclones") - count);
        Add("retries", after.Retries() - before.Retries());
        Add("conflicts", after.Conflicts() - before.Conflicts());
        AddTimes(stage, count, outcome);
        AddGivenTwice(stage, count);

        var known = before.WritesByKind();
        return after.WritesByKind().ToDictionary(w => w.Key, w => w.Value - known.GetValueOrDefault(w.Key), StringComparer.Ordinal);

        void Add(string figure, double value) => samples.Add(Name(count, figure), value);
    }

    private static HostFigures Own { get; } = new(Environment.ProcessId);

    private void AddTimes(Stage stage, int count, Storm.Outcome outcome)
    {
        var starts = stage.Clones.All.ToDictionary(c => c.Metadata.Name, c => c.Status?.Start, StringComparer.Ordinal);
        foreach (var time in outcome.Times)
        {
            samples.Add(Name(count, "ready_ms"), time.Milliseconds);
            samples.Add(Name(count, starts[time.Name] == StartKinds.Warm ? "warm_ready_ms" : "cold_ready_ms"), time.Milliseconds);
        }

        samples.Add(Name(count, "created_per_s"), count / outcome.UntilCreated.TotalSeconds);
        samples.Add(Name(count, "ready_per_s"), count / outcome.UntilReady.TotalSeconds);
    }

    /// <summary>No VM belongs to two, none was activated for nobody.</summary>
    private void AddGivenTwice(Stage stage, int count)
    {
        var clones = stage.Clones.All;
        var twice = clones.Count - clones.Select(c => c.Status?.PodUid).Distinct(StringComparer.Ordinal).Count();
        samples.Add(Name(count, "given_twice"), twice);
        samples.Add(Name(count, "activated_for_nobody"), stage.Nodes.All.Sum(n => n.Activations) - clones.Count);
    }
}
