using k8s.Models;

namespace Templating.ClusterTests.Cluster;

/// <summary>Pods of one test, of one runtime class; deleted when it is disposed.</summary>
/// <param name="Namespace">Theirs.</param>
/// <param name="RuntimeClass">Empty for the node's own runtime.</param>
internal sealed record PodBatch(string Namespace, string RuntimeClass) : IAsyncDisposable
{
    private const string Marker = "RUNTIME";

    private readonly string _prefix = $"t{Guid.NewGuid().ToString("n")[..6]}";
    private readonly List<string> _applied = [];

    /// <summary>A name that no other test has.</summary>
    public string Name(string name) => $"{_prefix}-{name}";

    /// <summary>Applies manifests as a person writes them; <c>RUNTIME</c> stands where the one line of the runtime class goes.</summary>
    public async Task ApplyAsync(string yaml)
    {
        yaml = yaml.Replace(Marker, RuntimeClass.Length == 0 ? "" : $"runtimeClassName: {RuntimeClass}", StringComparison.Ordinal);
        _applied.Add(yaml);
        (await Command.RunAsync("kubectl", ["apply", "-n", Namespace, "-f", "-"], yaml)).Require();
    }

    public Task<V1Pod?> GetAsync(string name) => Kubectl.GetAsync<V1Pod>("pod", Namespace, Name(name));

    public Task<V1Pod> SeeAsync(string name, Func<V1Pod, bool> isSo, string what) =>
        Eventually.SeeAsync(() => GetAsync(name), isSo, $"pod {Name(name)} ({(RuntimeClass.Length == 0 ? "runc" : RuntimeClass)}) {what}");

    /// <summary>All its containers are ready.</summary>
    public Task<V1Pod> ReadyAsync(string name) =>
        SeeAsync(name, p => p.Status.Conditions?.Any(c => c.Type == "Ready" && c.Status == "True") is true, "ready");

    /// <summary>All its containers have ended for good.</summary>
    public Task<V1Pod> FinishedAsync(string name) => SeeAsync(name, p => p.Status.Phase is "Succeeded" or "Failed", "finished");

    public async Task<string> LogsAsync(string name, string container = "main") =>
        await Kubectl.RunAsync("logs", Name(name), "-n", Namespace, "-c", container);

    public Task<string> SeeLogAsync(string name, Func<string, bool> isSo, string what, string container = "main") => Eventually.SeeAsync(
        async () => await Kubectl.TryAsync("logs", Name(name), "-n", Namespace, "-c", container) is { ExitCode: 0 } c ? c.Output : null,
        isSo, $"the log of {Name(name)}: {what}");

    public Task<Command> ExecAsync(string name, params string[] command) =>
        Kubectl.TryAsync(["exec", Name(name), "-n", Namespace, "-c", "main", "--", .. command]);

    /// <summary>What the cluster tells its user of it, in the order of its happening.</summary>
    public async Task<string> EventsAsync(string name) => await Kubectl.RunAsync(
        "get", "events", "-n", Namespace, "--field-selector", $"involvedObject.name={Name(name)}", "-o", "jsonpath={range .items[*]}{.reason}: {.message}{\"\\n\"}{end}");

    /// <summary>Deletes it and waits until it is gone.</summary>
    public async Task DeleteAsync(string name, params string[] options) =>
        await Kubectl.RunAsync(["delete", "pod", Name(name), "-n", Namespace, "--timeout=120s", .. options]);

    public async ValueTask DisposeAsync()
    {
        foreach (var yaml in _applied)
        {
            (await Command.RunAsync("kubectl", ["delete", "-n", Namespace, "--ignore-not-found", "--grace-period=1", "--timeout=150s", "-f", "-"], yaml)).Require();
        }
    }
}
