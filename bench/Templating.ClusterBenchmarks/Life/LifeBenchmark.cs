using Templating.ClusterBenchmarks.Cluster;
using Templating.ClusterBenchmarks.Results;
using Templating.Kubernetes.Resources;

namespace Templating.ClusterBenchmarks.Life;

/// <summary>VMClones beside plain pods on a real cluster.</summary>
internal static class LifeBenchmark
{
    private static readonly TimeSpan BuildLimit = TimeSpan.FromMinutes(10);

    /// <returns>Whether every target was met.</returns>
    public static async Task<bool> RunAsync(LifeOptions options, CancellationToken cancellationToken)
    {
        var result = new Result("life");
        using var client = new ClusterClient(options.Kubeconfig);
        await using var space = await BenchNamespace.CreateAsync(client, cancellationToken);
        await using (var templates = new ObjectWatch<VMTemplate>(client.WatchedTemplates, space.Name))
        {
            Screen.Say("Waiting for the template on every node");
            await client.Templates.CreateNamespacedAsync(Specs.MakeTemplate(options.GuestFolder), space.Name, cancellationToken);
            await templates.WhenAsync(Specs.Template, Conditions.Ready, BuildLimit, cancellationToken);
        }

        await using var watches = new LifeWatches(client, space.Name);
        await client.Pools.CreateNamespacedAsync(Specs.MakePool(options.Replicas), space.Name, cancellationToken);
        using var rounds = new LifeRounds(client, watches, space.Name, options, result.Samples);
        Screen.Say("One round that does not count");
        await rounds.RunAsync(-1, cancellationToken);
        for (var i = 0; i < options.Rounds; i++)
        {
            Screen.Say($"Round {i + 1} of {options.Rounds}");
            await rounds.RunAsync(i, cancellationToken);
        }

        result.Targets.AddRange(LifeReport.Targets(result.Samples));
        LifeReport.Print(Screen.Tables, result, rounds.WritesByKind);
        await result.WriteAsync(options.Output, cancellationToken);
        return result.Targets.All(t => t.Met);
    }
}
