using k8s.Models;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.Operator.Nodes;
using Templating.Operator.Pods;

namespace Templating.Operator.Reconcilers.Templates;

/// <summary>Which nodes a template is about.</summary>
internal sealed class TemplateNodes(ICache<V1Node> nodes, INodeDirectory directory, NodeHealth health, DaemonHealth daemons)
{
    private static readonly TimeSpan Again = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Nodes it is to be built on, in the order of their names: those the selector names that have a daemon, or had one a
    /// moment ago.
    /// </summary>
    public IReadOnlyList<string> Desired(VMTemplate template)
    {
        var before = (template.Status?.Nodes ?? []).Select(node => node.Name);
        return directory.All.Select(node => node.Name).Concat(before).Distinct(StringComparer.Ordinal)
            .Where(name => nodes.Get(new ObjectKey("", name)) is { } node && Matches(node, template.Spec.NodeSelector) && IsCountedOn(name))
            .Order(StringComparer.Ordinal).ToList();
    }

    /// <summary>Why no VM pod is put on a node whose daemon is asked without trouble; null where one is.</summary>
    public string? Withheld(string name) => daemons.Of(name) is { IsLost: true } lost && directory.Find(name) is { Synced: true } ? lost.Message : null;

    /// <summary>When to look again at a node whose daemon cannot be asked.</summary>
    public TimeSpan LookAgainIn(string name) => daemons.Of(name).LostIn is { } left && left > TimeSpan.Zero ? left : Again;

    /// <summary>Nodes that may have files of it but are not among those.</summary>
    public IReadOnlyList<INode> Others(ObjectKey template, IReadOnlyList<string> desired) =>
        [.. directory.All.Where(node => node.Synced && !desired.Contains(node.Name, StringComparer.Ordinal) && NodeFiles.Of(node, template).Count > 0)];

    public INode? Find(string name) => directory.Find(name);

    private static bool Matches(V1Node node, Dictionary<string, string>? selector) =>
        selector is null || selector.All(pair => node.Metadata.Labels is { } labels && labels.TryGetValue(pair.Key, out var value) && value == pair.Value);

    /// <summary>
    /// One that a narrower node selector of the DaemonSet took the daemon from, or that is not ready, is no longer waited for. A
    /// daemon that is there and does not answer, on a node that is well, is somebody's to mend, and is told.
    /// </summary>
    private bool IsCountedOn(string name) =>
        !daemons.Of(name).IsLost || (directory.Find(name) is { } daemon && (daemon.Synced || health.Of(name).LostIn is null));
}
