using k8s.Models;
using Templating.Kubernetes;
using Templating.Operator.Cluster;

namespace Templating.Operator.Reconcilers.NodeLabels;

/// <summary>
/// What a node's object says of its revisions: labels, by which pods are put there, and, while its daemon is away, annotations of
/// the same names, so that what its files are of is not forgotten meanwhile.
/// </summary>
internal sealed class NodeMarks(V1Node node)
{
    public IReadOnlyDictionary<string, string> Labels { get; } = Ours(node.Metadata.Labels);

    public IReadOnlyDictionary<string, string> Withdrawn { get; } = Ours(node.Metadata.Annotations);

    /// <summary>The VMTemplate a label is about; null for a label that is not ours.</summary>
    public static ObjectKey? OwnerOf(string label)
    {
        if (!label.EndsWith(Keys.NodeLabelSuffix, StringComparison.Ordinal)
            || label[..^Keys.NodeLabelSuffix.Length].Split('.') is not [{ Length: > 0 } name, { Length: > 0 } @namespace])
        {
            return null;
        }

        return new ObjectKey(@namespace, name);
    }

    private static Dictionary<string, string> Ours(IDictionary<string, string>? all) =>
        (all ?? new Dictionary<string, string>(StringComparer.Ordinal)).Where(pair => OwnerOf(pair.Key) is not null).ToDictionary(StringComparer.Ordinal);
}
