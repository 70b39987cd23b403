using k8s.Models;
using Templating.Kubernetes;

namespace Templating.Kubectl.Explaining;

internal static class Conditions
{
    // In the order in which a VM comes to be.
    private static readonly string[] Order =
        [ConditionTypes.Accepted, ConditionTypes.Reconciled, ConditionTypes.Scheduled, ConditionTypes.Restored, ConditionTypes.IdentityConfirmed, ConditionTypes.Ready];

    public static V1Condition? Find(IEnumerable<V1Condition>? conditions, string type) => conditions?.FirstOrDefault(c => c.Type == type);

    public static bool IsTrue(IEnumerable<V1Condition>? conditions, string type) => Find(conditions, type)?.Status == ConditionStatus.True;

    /// <summary>What says most: that it finished; else the first step that is not done; else that it is ready.</summary>
    public static V1Condition? Worst(IEnumerable<V1Condition>? conditions)
    {
        var all = conditions?.ToList() ?? [];
        return Find(all, ConditionTypes.Finished) is { Status: ConditionStatus.True } finished
            ? finished
            : Order.Select(type => Find(all, type)).FirstOrDefault(c => c is not null && c.Status != ConditionStatus.True) ?? Find(all, ConditionTypes.Ready);
    }
}
