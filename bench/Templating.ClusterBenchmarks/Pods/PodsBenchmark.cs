using Templating.Api.Client;
using Templating.ClusterBenchmarks.Cluster;
using Templating.ClusterBenchmarks.Results;
using Templating.Kubernetes.Resources;

namespace Templating.ClusterBenchmarks.Pods;

/// <summary>Pods of the RuntimeClass beside the same pods with runc, on a real kubelet and containerd.</summary>
internal static class PodsBenchmark
{
    private static readonly TimeSpan BuildLimit = TimeSpan.FromMinutes(10);

    /// <returns>Whether every target was met.</returns>
    public static async Task<bool> RunAsync(PodsOptions options, CancellationToken cancellationToken)
    {
        var result = new Result("pods");
        var node = new NodeView(options.Cluster);
        using var client = new ClusterClient(options.Kubeconfig);
        await using var space = await BenchNamespace.CreateAsync(client, cancellationToken);
        await using var templates = new ObjectWatch<VMTemplate>(client.WatchedTemplates, space.Name);
        await using var pods = new ObjectWatch<PodView>(client.WatchedPods, space.Name);
        Screen.Say("Waiting for the template");
        await client.Templates.CreateNamespacedAsync(PodSpecs.MakeTemplate(PodSpecs.Template, options.GuestFolder, "bench.pods"), space.Name, cancellationToken);
        await templates.WhenAsync(PodSpecs.Template, Conditions.Ready, BuildLimit, cancellationToken);

        using var daemon = new TemplatingClient(new TemplatingClientOptions { Address = node.Daemon });
        using var rounds = new PodRounds(client, pods, node, new Boots(client, templates, daemon, space.Name, options), space.Name, options, result.Samples);
        Screen.Say("One round that does not count");
        await rounds.RunAsync(-1, cancellationToken);
        for (var i = 0; i < options.Rounds; i++)
        {
            Screen.Say($"Round {i + 1} of {options.Rounds}");
            await rounds.RunAsync(i, cancellationToken);
        }

        // What is measured so far is kept, whatever becomes of many pods at once.
        await result.WriteAsync(options.Output, cancellationToken);
        foreach (var runtime in Runtimes.All)
        {
            Screen.Say($"{options.MemoryPods} pods at rest, {runtime}");
            await rounds.MemoryAsync(runtime, cancellationToken);
        }

        await result.WriteAsync(options.Output, cancellationToken);
        foreach (var runtime in Runtimes.All)
        {
            Screen.Say($"{options.BurstPods} pods at once, {runtime}");
            await rounds.BurstAsync(runtime, cancellationToken);
        }

        result.Targets.AddRange(PodsReport.Targets(result.Samples));
        PodsReport.Print(Screen.Tables, result);
        await result.WriteAsync(options.Output, cancellationToken);
        return result.Targets.All(t => t.Met);
    }
}
