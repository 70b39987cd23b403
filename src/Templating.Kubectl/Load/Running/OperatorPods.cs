using k8s.Models;
using Templating.Kubectl.Cluster;
using Templating.Kubectl.Load.Api;
using Templating.Kubectl.Load.Samples;
using Templating.Kubernetes;

namespace Templating.Kubectl.Load.Running;

/// <summary>The operator's pods, looked for once, and again where none of them leads.</summary>
/// <param name="api">The cluster.</param>
/// <param name="namespace">Where it runs; null where that is to be found out.</param>
internal sealed class OperatorPods(LoadApi api, string? @namespace)
{
    /// <summary>To be told with what went wrong.</summary>
    public const string Needs = "--operator names its namespace, where list of pods and get of pods/proxy are needed.";

    private const string Port = "http";

    private IReadOnlyList<(string Namespace, string Name, int Port)> _pods = [];

    /// <param name="now">The time since the run began.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>What the one that leads takes; null where none leads just now.</returns>
    /// <exception cref="PluginException">There is none.</exception>
    public async Task<OperatorLevel?> LookAsync(Func<TimeSpan> now, CancellationToken cancellationToken)
    {
        if (_pods.Count == 0)
        {
            _pods = await FindAsync(cancellationToken);
        }

        var pods = _pods;
        // Until one leads: one that is gone answers nothing, and the next look is at those that are there then.
        _pods = [];
        foreach (var (ns, name, port) in pods)
        {
            if (OperatorLevel.Of(now(), name, await api.MetricsAsync(ns, name, port, cancellationToken)) is { } level)
            {
                _pods = [(ns, name, port), .. pods.Where(p => p.Name != name)];
                return level;
            }
        }

        return null;
    }

    private async Task<IReadOnlyList<(string Namespace, string Name, int Port)>> FindAsync(CancellationToken cancellationToken)
    {
        var pods = await api.ListAsync<V1Pod>(LoadKind.Pods, @namespace, InstallationLabels.OperatorSelector, cancellationToken);
        List<(string, string, int)> found =
        [
            .. pods.Items.Where(p => p.Status?.Phase == PodPhases.Running && p.Metadata.DeletionTimestamp is null)
                .Select(p => (p.Metadata.NamespaceProperty, p.Metadata.Name, Port: PortOf(p))).Where(p => p.Port > 0),
        ];
        return found.Count > 0 ? found : throw new PluginException($"No pod of it runs in {(@namespace is null ? "any namespace" : $"namespace {@namespace}")}.");
    }

    private static int PortOf(V1Pod pod) =>
        pod.Spec.Containers.SelectMany(c => c.Ports ?? []).Where(p => p.Name == Port).Select(p => p.ContainerPort).FirstOrDefault();
}
