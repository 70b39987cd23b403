using k8s.Models;
using Templating.Kubernetes;

namespace Templating.Operator.Pods;

/// <summary>The user's affinity, and with it that the node must have the revision.</summary>
internal static class PodAffinity
{
    public static V1Affinity Of(PodPlan plan)
    {
        var users = plan.Pod?.Affinity;
        return new V1Affinity
        {
            NodeAffinity = new V1NodeAffinity
            {
                RequiredDuringSchedulingIgnoredDuringExecution = new V1NodeSelector { NodeSelectorTerms = [.. Terms(plan, users)] },
                PreferredDuringSchedulingIgnoredDuringExecution = users?.NodeAffinity?.PreferredDuringSchedulingIgnoredDuringExecution,
            },
            PodAffinity = users?.PodAffinity,
            PodAntiAffinity = users?.PodAntiAffinity,
        };
    }

    /// <summary>A node has to match one of the terms, and of that all: so ours is in each.</summary>
    private static IEnumerable<V1NodeSelectorTerm> Terms(PodPlan plan, V1Affinity? users)
    {
        var revision = new V1NodeSelectorRequirement
        {
            Key = Keys.NodeLabel(plan.Template.Metadata.NamespaceProperty, plan.Template.Metadata.Name),
            OperatorProperty = "In",
            Values = [plan.Revision],
        };
        var terms = users?.NodeAffinity?.RequiredDuringSchedulingIgnoredDuringExecution?.NodeSelectorTerms ?? [new V1NodeSelectorTerm()];
        return terms.Select(term => new V1NodeSelectorTerm { MatchExpressions = [.. term.MatchExpressions ?? [], revision], MatchFields = term.MatchFields });
    }
}
