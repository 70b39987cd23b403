using k8s.Models;
using Templating.Contract;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Validation;

namespace Templating.Operator.Reconcilers.Templates;

/// <summary>Makes a VMTemplate's status from what was found on the nodes.</summary>
internal static class TemplateStatus
{
    public static VMTemplateStatus Invalid(VMTemplate template, IReadOnlyList<FieldViolation> faults, DateTimeOffset now)
    {
        var (status, conditions) = Begin(template, now);
        var message = FaultText.Of(faults);
        conditions.Set(ConditionTypes.Accepted, ConditionStatus.False, Reasons.InvalidSpec, message);
        conditions.Set(ConditionTypes.Ready, ConditionStatus.False, Reasons.InvalidSpec, message);
        conditions.Set(ConditionTypes.Progressing, ConditionStatus.False, Reasons.InvalidSpec, "Nothing is built from a spec that was not accepted.");
        (status.Nodes, status.ReadyNodes, status.DesiredNodes, status.Summary) = (template.Status?.Nodes, 0, 0, "0/0");
        status.Conditions = conditions.ToList();
        return status;
    }

    public static VMTemplateStatus Deleting(VMTemplate template, string reason, string message, DateTimeOffset now)
    {
        var (status, conditions) = Begin(template, now);
        CopyNodes(template.Status, status);
        conditions.Set(ConditionTypes.Ready, ConditionStatus.False, reason, message);
        conditions.Set(ConditionTypes.Progressing, ConditionStatus.True, Reasons.Deleting, message);
        status.Conditions = conditions.ToList();
        return status;
    }

    /// <summary>What was known before, and what the API server refused since; null where that is not told yet.</summary>
    public static VMTemplateStatus? Refused(VMTemplate template, Refusals refusals, Exception refusal, DateTimeOffset now)
    {
        var (status, conditions) = Begin(template, now, template.Status?.Conditions);
        CopyNodes(template.Status, status);
        var isTold = refusals.Tell(template, conditions, refusal);
        status.Conditions = conditions.ToList();
        return isTold ? status : null;
    }

    public static VMTemplateStatus Of(VMTemplate template, string revision, IReadOnlyList<VMTemplateNode> nodes, DateTimeOffset now)
    {
        var (status, conditions) = Begin(template, now);
        var ready = nodes.Count(node => node.State == NodeStates.Ready);
        status.Revision = revision;
        status.Nodes = [.. nodes.Select(node => Timed(node, template.Status, conditions.Now))];
        (status.ReadyNodes, status.DesiredNodes, status.Summary) = (ready, nodes.Count, $"{ready}/{nodes.Count}");
        conditions.Set(ConditionTypes.Accepted, ConditionStatus.True, Reasons.Accepted, "The spec is valid.");
        SetReady(conditions, template, revision, nodes, ready);
        SetProgressing(conditions, nodes, ready);
        status.Conditions = conditions.ToList();
        return status;
    }

    private static void SetReady(ConditionSet conditions, VMTemplate template, string revision, IReadOnlyList<VMTemplateNode> nodes, int ready)
    {
        var failed = nodes.FirstOrDefault(node => node.State == NodeStates.Failed);
        var (value, reason, message) =
            nodes.Count == 0 ? (ConditionStatus.False, Reasons.NoNodes, NoNodes(template))
            : ready == nodes.Count ? (ConditionStatus.True, Reasons.Ready, $"Revision {revision} is ready on {Count(ready)}.")
            : ready > 0 ? (ConditionStatus.True, Reasons.PartlyReady, $"Revision {revision} is ready on {ready} of {Count(nodes.Count)}.")
            : failed is not null ? (ConditionStatus.False, Reasons.BuildFailed, $"On node '{failed.Name}': {failed.Reason}: {failed.Message}")
            : nodes.All(node => node.State == NodeStates.Unreachable) ? (ConditionStatus.False, Reasons.NodesUnreachable, $"None of {Count(nodes.Count)} can be reached: {nodes[0].Message}")
            : (ConditionStatus.False, Reasons.Building, $"Revision {revision} is being built on {Count(nodes.Count(node => node.State == NodeStates.Building))}.");
        conditions.Set(ConditionTypes.Ready, value, reason, message);
    }

    private static void SetProgressing(ConditionSet conditions, IReadOnlyList<VMTemplateNode> nodes, int ready)
    {
        var building = nodes.Count(node => node.State == NodeStates.Building);
        var failed = nodes.Where(node => node.State == NodeStates.Failed).ToList();
        var (value, reason, message) =
            building > 0 ? (ConditionStatus.True, Reasons.Building, $"It is being built on {Count(building)}.")
            : failed.Count > 0 ? (ConditionStatus.False, Reasons.BuildFailed, $"It could not be built on {Count(failed.Count)} and is tried again in a while; '{failed[0].Name}': {failed[0].Reason}: {failed[0].Message}")
            : nodes.Count == 0 ? (ConditionStatus.False, Reasons.NoNodes, "There is no node to build it on.")
            : ready < nodes.Count ? (ConditionStatus.False, Reasons.NodesUnreachable, $"{Count(nodes.Count - ready)} cannot be reached.")
            : (ConditionStatus.False, Reasons.Complete, "Nothing is to be done.");
        conditions.Set(ConditionTypes.Progressing, value, reason, message);
    }

    private static string NoNodes(VMTemplate template) => template.Spec.NodeSelector is { Count: > 0 } selector
        ? $"No node with {string.Join(", ", selector.Select(pair => $"{pair.Key}={pair.Value}"))} runs the daemon; correct spec.nodeSelector or label a node."
        : "No node runs the daemon; look at the pods of the DaemonSet.";

    private static string Count(int nodes) => nodes == 1 ? "1 node" : $"{nodes} nodes";

    private static VMTemplateNode Timed(VMTemplateNode node, VMTemplateStatus? before, DateTime now)
    {
        var known = before?.Nodes?.Find(other => other.Name == node.Name);
        node.LastTransitionTime = known is not null && known.State == node.State && known.LastTransitionTime is { } since ? since : now;
        return node;
    }

    private static void CopyNodes(VMTemplateStatus? before, VMTemplateStatus status) =>
        (status.Revision, status.Nodes, status.ReadyNodes, status.DesiredNodes, status.Summary) =
        (before?.Revision, before?.Nodes, before?.ReadyNodes, before?.DesiredNodes, before?.Summary);

    /// <summary>A pass that comes to tell what is was refused nothing.</summary>
    private static (VMTemplateStatus Status, ConditionSet Conditions) Begin(VMTemplate template, DateTimeOffset now) =>
        Begin(template, now, template.Status?.Conditions?.Where(condition => condition.Type != ConditionTypes.Reconciled));

    private static (VMTemplateStatus Status, ConditionSet Conditions) Begin(VMTemplate template, DateTimeOffset now, IEnumerable<V1Condition>? conditions) =>
        (new VMTemplateStatus { ObservedGeneration = template.Metadata.Generation }, new ConditionSet(conditions, template.Metadata.Generation, now));
}
