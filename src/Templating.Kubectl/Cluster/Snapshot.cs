using k8s.Models;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;

namespace Templating.Kubectl.Cluster;

/// <summary>What a cluster has of ours at one moment, in the namespaces that were asked for.</summary>
internal sealed record Snapshot
{
    public IReadOnlyList<VMTemplate> Templates { get; init; } = [];

    public IReadOnlyList<VMPool> Pools { get; init; } = [];

    public IReadOnlyList<VMClone> Clones { get; init; } = [];

    /// <summary>VM pods.</summary>
    public IReadOnlyList<V1Pod> Pods { get; init; } = [];

    /// <summary>Events about pods and about our resources.</summary>
    public IReadOnlyList<Corev1Event> Events { get; init; } = [];

    /// <summary>Pods of the operator and of the daemons; null where one may not see them.</summary>
    public IReadOnlyList<V1Pod>? Installation { get; init; }

    public IEnumerable<V1Pod>? Daemons => Of(InstallationLabels.Node);

    public IEnumerable<V1Pod>? Operators => Of(InstallationLabels.Operator);

    private IEnumerable<V1Pod>? Of(string component) =>
        Installation?.Where(p => p.Metadata.Labels?.TryGetValue(InstallationLabels.Component, out var value) == true && value == component);
}
