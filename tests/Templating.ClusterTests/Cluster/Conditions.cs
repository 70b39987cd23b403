using k8s.Models;

namespace Templating.ClusterTests.Cluster;

internal static class Conditions
{
    public static V1Condition? Find(this IEnumerable<V1Condition>? conditions, string type) =>
        conditions?.FirstOrDefault(c => c.Type == type);

    public static bool Is(this IEnumerable<V1Condition>? conditions, string type, string status = "True", string? reason = null) =>
        conditions.Find(type) is { } c && c.Status == status && (reason is null || c.Reason == reason);

    public static bool IsReady(this VMClone clone) => clone.Status?.Conditions.Is("Ready") is true;
}
