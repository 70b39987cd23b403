using k8s.Models;
using Templating.Testing;

namespace Templating.ClusterTests.Cluster;

/// <summary>A load test as the chart makes it, beside the release that is under test; taken away again when it is disposed.</summary>
internal sealed class LoadTestJob : IAsyncDisposable
{
    private static readonly string[] Parts = ["templates/load-test-rbac.yaml", "templates/load-test-job.yaml"];

    private readonly Tenant _tenant;
    private readonly string _objects;

    private LoadTestJob(Tenant tenant, string objects)
    {
        (_tenant, _objects) = (tenant, objects);
        Name = objects.Split('\n').SkipWhile(line => line != "kind: Job").First(line => line.StartsWith("  name: ", StringComparison.Ordinal))["  name: ".Length..];
    }

    public string Name { get; }

    /// <param name="tenant">Where it makes its clones.</param>
    /// <param name="release">A release's name of its own.</param>
    /// <param name="recipe">In YAML.</param>
    public static async Task<LoadTestJob> ApplyAsync(Tenant tenant, string release, string recipe)
    {
        using var folder = new TempFolder();
        var helm = (await Command.RunAsync("bash", [Path.Combine(Repository.Root, "eng/chart/helm.sh")])).Require().Output.Trim();
        var objects = (await Command.RunAsync(helm,
        [
            "template", release, Path.Combine(Repository.Root, "charts/templating"), "--namespace", Settings.System,
            .. Parts.SelectMany(part => new[] { "--show-only", part }),
            "--set", $"loadTest.enabled=true,loadTest.image.tag=dev,loadTest.namespaces={{{tenant.Name}}}",
            "--set-file", $"loadTest.recipe={folder.Write("recipe.yaml", recipe + "\n")}",
        ])).Require().Output;
        var job = new LoadTestJob(tenant, objects);
        await Kubectl.ApplyAsync(objects);
        return job;
    }

    public Task<V1Job?> GetAsync() => Kubectl.GetAsync<V1Job>("job", Settings.System, Name);

    public Task<string> LogAsync() => Kubectl.RunAsync("logs", $"job/{Name}", "-n", Settings.System);

    /// <summary>What any load test made and did not remove.</summary>
    public async Task<IReadOnlyList<VMClone>> MadeAsync() =>
        [.. (await Kubectl.ListAsync<VMClone>("vmclones", _tenant.Name)).Where(c => c.Metadata.Labels?.ContainsKey(Keys.LoadLabel) is true)];

    public async ValueTask DisposeAsync() => (await Command.RunAsync("kubectl", ["delete", "--ignore-not-found", "-f", "-"], _objects)).Require();
}
