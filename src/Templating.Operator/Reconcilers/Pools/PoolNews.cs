using k8s.Models;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;

namespace Templating.Operator.Reconcilers.Pools;

/// <summary>
/// What of a pool's status can wait: the numbers of a full pool that VMClones take from, as long as nothing stands in the way of filling it again.
/// A write for each step of that would be most of what a claim costs the API server. Pure.
/// </summary>
internal static class PoolNews
{
    public static bool CanWait(VMPoolStatus? before, VMPoolStatus now) =>
        before is not null
        && before.ObservedGeneration == now.ObservedGeneration
        && before.Revision == now.Revision
        && Find(before, ConditionTypes.Ready) is { Status: ConditionStatus.True }
        && Find(now, ConditionTypes.Ready) is { Reason: Reasons.Full or Reasons.Filling }
        && Find(now, ConditionTypes.Progressing) is { Reason: Reasons.Settled or Reasons.MembersChanging }
        && Others(before).SequenceEqual(Others(now));

    private static V1Condition? Find(VMPoolStatus status, string type) => status.Conditions?.Find(c => c.Type == type);

    private static IEnumerable<(string Type, string Status, string Reason, string Message)> Others(VMPoolStatus status) =>
        (status.Conditions ?? [])
            .Where(c => c.Type is not (ConditionTypes.Ready or ConditionTypes.Progressing))
            .Select(c => (c.Type, c.Status, c.Reason, c.Message));
}
