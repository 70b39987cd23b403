using Templating.Kubernetes;
using Templating.Kubernetes.Resources;

namespace Templating.Operator.Pods;

/// <summary>Which revision of a template new VM pods are made of.</summary>
internal static class TemplateRevisions
{
    /// <summary>
    /// That of the present spec once a node has it. Until then the one before, where a node still has it: a spec that cannot
    /// be built must not dry out its pools.
    /// </summary>
    /// <returns>Null where none is ready.</returns>
    public static string? Usable(VMTemplate template, string? before)
    {
        var present = Revisions.Of(template.Spec);
        var nodes = template.Status?.Nodes ?? [];
        return nodes.Any(n => n.State == NodeStates.Ready && n.Revision == present) ? present
            : before is not null && nodes.Any(n => n.OlderRevisions?.Contains(before, StringComparer.Ordinal) == true
                || (n.State == NodeStates.Ready && n.Revision == before)) ? before
            : null;
    }

    /// <summary>Why none is, for a condition.</summary>
    public static string Problem(VMTemplate template)
    {
        var failed = template.Status?.Nodes?.FirstOrDefault(n => n.State == NodeStates.Failed);
        return $"Template '{template.Metadata.Name}' has no node where revision {Revisions.Of(template.Spec)} is ready"
            + (failed is null ? "." : $"; on '{failed.Name}': {failed.Reason}: {failed.Message}");
    }
}
