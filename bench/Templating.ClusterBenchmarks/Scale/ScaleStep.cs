using Templating.Benchmarks;
using Templating.ClusterBenchmarks.Results;
using Templating.Kubernetes;

namespace Templating.ClusterBenchmarks.Scale;

/// <summary>One number of VMClones, on an API server and an operator of its own.</summary>
internal sealed class ScaleStep(ScaleOptions options, Samples samples)
{
    /// <summary>The operator's code is compiled as it is first run; that is no VMClone's cost.</summary>
    private const int WarmUp = 50;

    /// <summary>Claims a second of VMs that wait, for which a 99th percentile is promised.</summary>
    public const int SteadyRate = 10;

    private static readonly TimeSpan SteadyTime = TimeSpan.FromSeconds(30);

    /// <returns>The operator's writes by kind.</returns>
    public async Task<IReadOnlyDictionary<string, double>> RunAsync(int count, string folder, CancellationToken cancellationToken)
    {
        var replicas = count * options.PoolPercent / 100;
        Screen.Say($"{count} VMClones, {replicas} of them from a pool of as many: setting the stage");
        await using var stage = await Stage.SetAsync(options, replicas, folder, cancellationToken);
        samples.Add(Name(count, "prepared_resident_mib"), stage.Operator.Figures.ResidentMiB);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var run = MeasureAsync(stage, count, folder, end.Token);
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

    private async Task<IReadOnlyDictionary<string, double>> MeasureAsync(Stage stage, int count, string folder, CancellationToken cancellationToken)
    {
        await stage.Storm.RunAsync("warm-up", WarmUp, options.PoolPercent, cancellationToken);
        await stage.WaitQuietAsync(cancellationToken);

        Screen.Say($"{count} VMClones: go");
        IReadOnlyDictionary<string, double> writes;
        await using (var meter = await Meter.BeginAsync(stage, cancellationToken))
        {
            var outcome = await stage.Storm.RunAsync("clone", count, options.PoolPercent, cancellationToken);
            await stage.WaitQuietAsync(cancellationToken);
            writes = await meter.EndAsync(samples, figure => Name(count, figure), count, cancellationToken);
            AddTimes(stage, count, outcome);
        }

        AddGivenTwice(stage, count);
        samples.Add(Name(count, "activated_for_nobody"), stage.Nodes.All.Sum(n => n.Activations) - stage.Clones.All.Count);
        if (options.PoolPercent > 0 && count == options.Clones.Min())
        {
            await ClaimSteadilyAsync(stage, count, cancellationToken);
        }

        if (options.LoadTool is { } tool && count == options.Clones.Min())
        {
            Screen.Say($"A load test of {LoadTool.Rate} VMClones a second beside {count}");
            var cores = await new LoadTool(tool).MeasureAsync(stage.Server.Kubeconfig, Stage.Namespace, folder, cancellationToken);
            samples.Add(Name(count, "load_tool_cores"), cores);
        }

        if (options.ChurnRate > 0)
        {
            await stage.WaitQuietAsync(cancellationToken);
            await ChurnAsync(stage, count, cancellationToken);
        }

        return writes;
    }

    /// <summary>A rate that leaves the machine time, so that what is slow now and then is not the machine.</summary>
    private async Task ClaimSteadilyAsync(Stage stage, int count, CancellationToken cancellationToken)
    {
        Screen.Say($"{SteadyRate} claims a second for {SteadyTime.TotalSeconds:0} s");
        var atRest = stage.Clones.All.OrderBy(c => c.Metadata.CreationTimestamp).Select(c => c.Metadata.Name).ToList();
        var outcome = await stage.Churn.RunAsync("steady", atRest, SteadyRate, SteadyTime, poolPercent: 100, cancellationToken);
        samples.AddAll(Name(count, "steady.ready_ms"), outcome.Times.Select(t => t.Milliseconds));
        await stage.WaitQuietAsync(cancellationToken);
    }

    private async Task ChurnAsync(Stage stage, int count, CancellationToken cancellationToken)
    {
        Screen.Say($"{options.ChurnRate} VMClones a second come and go beside {count}, for {options.ChurnTime.TotalMinutes:0.#} min");
        var atRest = stage.Clones.All.OrderBy(c => c.Metadata.CreationTimestamp).Select(c => c.Metadata.Name).ToList();
        await using var meter = await Meter.BeginAsync(stage, cancellationToken);
        var outcome = await stage.Churn.RunAsync("churn", atRest, options.ChurnRate, options.ChurnTime, options.PoolPercent, cancellationToken);
        await stage.WaitQuietAsync(cancellationToken);
        await meter.EndAsync(samples, figure => Name(count, $"churn.{figure}"), outcome.Times.Count, cancellationToken);
        samples.Add(Name(count, "churn.offered"), outcome.Offered);
        samples.Add(Name(count, "churn.asked"), outcome.Times.Count);
        samples.Add(Name(count, "churn.took_s"), outcome.Took.TotalSeconds);
        samples.Add(Name(count, "churn.ready_per_s"), outcome.ReadyPerSecond);
        samples.AddAll(Name(count, "churn.ready_ms"), outcome.Times.Select(t => t.Milliseconds));
        samples.Add(Name(count, "churn.left"), stage.Clones.All.Count - atRest.Count);
        AddGivenTwice(stage, count);
    }

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

    /// <summary>No VM belongs to two.</summary>
    private void AddGivenTwice(Stage stage, int count)
    {
        var clones = stage.Clones.All;
        samples.Add(Name(count, "given_twice"), clones.Count - clones.Select(c => c.Status?.PodUid).Distinct(StringComparer.Ordinal).Count());
    }
}
