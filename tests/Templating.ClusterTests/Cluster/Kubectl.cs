using System.Text.Json;
using k8s;
using k8s.Models;

namespace Templating.ClusterTests.Cluster;

/// <summary>kubectl, as a user has it.</summary>
internal static class Kubectl
{
    public static async Task<string> RunAsync(params string[] arguments) =>
        (await Command.RunAsync("kubectl", arguments)).Require().Output;

    public static Task<Command> TryAsync(params string[] arguments) => Command.RunAsync("kubectl", arguments);

    /// <summary>An old server's schema knows nothing of CEL and the like; what it refuses it refuses on the server.</summary>
    public static async Task ApplyAsync(string yaml) =>
        (await Command.RunAsync("kubectl", ["apply", "--validate=false", "-f", "-"], yaml)).Require();

    public static Task<Command> TryApplyAsync(string yaml) =>
        Command.RunAsync("kubectl", ["apply", "--validate=false", "-f", "-"], yaml);

    /// <summary>Null when there is none.</summary>
    public static async Task<T?> GetAsync<T>(string kind, string @namespace, string name)
        where T : class
    {
        var result = await Command.RunAsync("kubectl", ["get", kind, name, "-n", @namespace, "--ignore-not-found", "-o", "json"]);
        return result.Require().Output.Trim() is { Length: > 0 } json ? KubernetesJson.Deserialize<T>(json) : null;
    }

    public static async Task<IReadOnlyList<V1Pod>> PodsAsync(string @namespace, string selector) =>
        [.. KubernetesJson.Deserialize<V1PodList>(await RunAsync("get", "pods", "-n", @namespace, "-l", selector, "-o", "json")).Items];

    public static async Task<IReadOnlyList<T>> ListAsync<T>(string kind, string @namespace)
    {
        using var list = JsonDocument.Parse(await RunAsync("get", kind, "-n", @namespace, "-o", "json"));
        return [.. list.RootElement.GetProperty("items").EnumerateArray().Select(i => KubernetesJson.Deserialize<T>(i.GetRawText()))];
    }

    public static Task DeleteAsync(string kind, string @namespace, string name) =>
        RunAsync("delete", kind, name, "-n", @namespace, "--ignore-not-found", "--wait=false");
}
