using k8s.Models;
using Templating.Operator.Cluster;

namespace Templating.Operator.Hosting;

/// <summary>
/// What the chart runs before the release goes: each node takes the shim out of its containerd, while there is still a DaemonSet that can. A pod
/// of the DaemonSet that ends cannot do it, for it does not know whether it is replaced.
/// </summary>
internal sealed class RuntimeRemoval(ClusterApi api, TimeProvider clock, TextWriter output)
{
    /// <summary>The first argument of a process that does this and nothing else; the DaemonSet's name is the second.</summary>
    public const string Verb = "remove-runtime";

    /// <summary>In the arguments of its first container; the other word there is install.</summary>
    private const string Change = """
        [
          {"op": "test", "path": "/spec/template/spec/initContainers/0/args/0", "value": "runtime"},
          {"op": "replace", "path": "/spec/template/spec/initContainers/0/args/1", "value": "uninstall"}
        ]
        """;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    /// <exception cref="k8s.Autorest.HttpOperationException">The server refused it.</exception>
    public async Task RunAsync(ObjectKey daemonSet, CancellationToken cancellationToken)
    {
        if (await api.GetAsync<V1DaemonSet>(daemonSet, cancellationToken) is null)
        {
            await output.WriteLineAsync($"There is no DaemonSet {daemonSet}, so no node has the runtime by it.");
            return;
        }

        await api.SendAsync<V1DaemonSet>(
            HttpMethod.Patch, ResourceType.Of<V1DaemonSet>().Item(daemonSet), Change, "application/json-patch+json", cancellationToken);
        var told = "";
        while (await api.GetAsync<V1DaemonSet>(daemonSet, cancellationToken) is { } now)
        {
            var (done, all) = Progress(now);
            var line = $"{done} of {all} nodes have taken the runtime out.";
            if (line != told)
            {
                told = line;
                await output.WriteLineAsync(line);
            }

            if (done >= all && now.Status?.ObservedGeneration >= now.Metadata.Generation)
            {
                return;
            }

            await Task.Delay(Pause, clock, cancellationToken);
        }
    }

    /// <summary>A pod of the new kind is ready when its first container has done its work.</summary>
    private static (int Done, int All) Progress(V1DaemonSet daemonSet) => daemonSet.Status is { } status && status.ObservedGeneration >= daemonSet.Metadata.Generation
        ? (Math.Min(status.UpdatedNumberScheduled ?? 0, status.NumberReady), status.DesiredNumberScheduled)
        : (0, daemonSet.Status?.DesiredNumberScheduled ?? 0);
}
