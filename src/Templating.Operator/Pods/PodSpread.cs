using k8s.Models;
using Templating.Kubernetes;

namespace Templating.Operator.Pods;

/// <summary>
/// Where the user does not say, a pool's waiting VMs go to different nodes if they can: a node that is lost, or drained, takes
/// a part of the pool only. Those that were claimed do not count, they wait for nobody.
/// </summary>
internal static class PodSpread
{
    private const string Hostname = "kubernetes.io/hostname";

    public static IList<V1TopologySpreadConstraint>? Of(PodPlan plan) =>
        plan.Pod?.TopologySpreadConstraints is { } users ? users
        : plan.Labels.TryGetValue(Keys.PoolLabel, out var pool) ? [Soft(pool)]
        : null;

    private static V1TopologySpreadConstraint Soft(string pool) => new()
    {
        MaxSkew = 1,
        TopologyKey = Hostname,
        WhenUnsatisfiable = "ScheduleAnyway",
        LabelSelector = new V1LabelSelector
        {
            MatchLabels = new Dictionary<string, string>(StringComparer.Ordinal) { [Keys.PoolLabel] = pool },
            MatchExpressions = [new V1LabelSelectorRequirement { Key = Keys.CloneLabel, OperatorProperty = "DoesNotExist" }],
        },
    };
}
