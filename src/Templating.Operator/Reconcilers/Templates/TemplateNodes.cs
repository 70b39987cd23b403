using k8s.Models;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.Operator.Nodes;

namespace Templating.Operator.Reconcilers.Templates;

/// <summary>Which nodes a template is about.</summary>
internal sealed class TemplateNodes(ICache<V1Node> nodes, INodeDirectory directory, TimeProvider time)
{
    /// <summary>A daemon that is restarted or updated is away for so long; one that is away for longer is no longer counted on.</summary>
    private static readonly TimeSpan AwayFor = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Nodes it is to be built on, in the order of their names: those the selector names that have a daemon, or had one a
    /// moment ago.
    /// </summary>
    public IReadOnlyList<string> Desired(VMTemplate template)
    {
        var before = (template.Status?.Nodes ?? []).Where(node => IsRecent(node)).Select(node => node.Name);
        return directory.All.Select(node => node.Name).Concat(before).Distinct(StringComparer.Ordinal)
            .Where(name => nodes.Get(new ObjectKey("", name)) is { } node && Matches(node, template.Spec.NodeSelector))
            .Order(StringComparer.Ordinal).ToList();
    }

    /// <summary>Nodes that may have files of it but are not among those.</summary>
    public IReadOnlyList<INode> Others(ObjectKey template, IReadOnlyList<string> desired) =>
        [.. directory.All.Where(node => node.Synced && !desired.Contains(node.Name, StringComparer.Ordinal) && NodeFiles.Of(node, template).Count > 0)];

    public INode? Find(string name) => directory.Find(name);

    private static bool Matches(V1Node node, Dictionary<string, string>? selector) =>
        selector is null || selector.All(pair => node.Metadata.Labels is { } labels && labels.TryGetValue(pair.Key, out var value) && value == pair.Value);

    private bool IsRecent(VMTemplateNode node) =>
        node.State != NodeStates.Unreachable || node.LastTransitionTime is not { } since || time.GetUtcNow().UtcDateTime - since.ToUniversalTime() < AwayFor;
}
