using k8s.Models;
using Templating.Kubernetes;

namespace Templating.Operator.Cluster;

/// <summary>
/// What is looked at of a node: nothing else is kept, and nobody is told of another change. Its kubelet writes the rest again and again, and each time
/// all VM pods that are there would be looked at.
/// </summary>
internal static class NodeFacts
{
    public static void Trim(V1Node node)
    {
        var all = node.Metadata;
        node.Metadata = new V1ObjectMeta
        {
            Name = all.Name,
            Uid = all.Uid,
            ResourceVersion = all.ResourceVersion,
            CreationTimestamp = all.CreationTimestamp,
            DeletionTimestamp = all.DeletionTimestamp,
            Labels = all.Labels,
            Annotations = all.Annotations?.Where(a => a.Key.EndsWith(Keys.NodeLabelSuffix, StringComparison.Ordinal)).ToDictionary(StringComparer.Ordinal),
        };
        node.Spec = new V1NodeSpec { Unschedulable = node.Spec?.Unschedulable };
        node.Status = new V1NodeStatus
        {
            Conditions =
            [
                .. (node.Status?.Conditions ?? []).Where(c => c.Type == ConditionTypes.Ready).Select(c => new V1NodeCondition
                {
                    Type = c.Type, Status = c.Status, Message = c.Message, LastTransitionTime = c.LastTransitionTime,
                }),
            ],
        };
    }

    /// <summary>Of two that are trimmed.</summary>
    public static bool AreSame(V1Node one, V1Node other) => one.Metadata.Uid == other.Metadata.Uid
        && one.Metadata.DeletionTimestamp == other.Metadata.DeletionTimestamp
        && AreSame(one.Metadata.Labels, other.Metadata.Labels)
        && AreSame(one.Metadata.Annotations, other.Metadata.Annotations)
        && one.Spec.Unschedulable == other.Spec.Unschedulable
        && one.Status.Conditions.Select(FactsOf).SequenceEqual(other.Status.Conditions.Select(FactsOf));

    private static (string Status, string? Message, DateTime? Since) FactsOf(V1NodeCondition ready) => (ready.Status, ready.Message, ready.LastTransitionTime);

    private static bool AreSame(IDictionary<string, string>? one, IDictionary<string, string>? other) =>
        (one?.Count ?? 0) == (other?.Count ?? 0)
        && (one is null || one.All(pair => other!.TryGetValue(pair.Key, out var value) && string.Equals(value, pair.Value, StringComparison.Ordinal)));
}
