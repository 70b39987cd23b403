using Templating.Kubernetes;

namespace Templating.Operator.Reconcilers.Pools;

/// <summary>What the scheduler says of a pool's members that it found no node for.</summary>
internal static class Unscheduled
{
    /// <summary>Members are alike, so there is mostly one; each is a long sentence.</summary>
    private const int MaxMessages = 3;

    /// <returns>Such as: 2 of 3: 0/2 nodes are available: 2 Insufficient memory. Null where all members have a node, or wait for their turn.</returns>
    public static string? Of(IReadOnlyList<Member> members)
    {
        var messages = members.Select(MessageOf).OfType<string>()
            .GroupBy(message => message, StringComparer.Ordinal)
            .OrderByDescending(group => group.Count()).ThenBy(group => group.Key, StringComparer.Ordinal).ToList();
        var others = messages.Skip(MaxMessages).Sum(group => group.Count());
        return messages.Count == 0 ? null
            : string.Join(' ', messages.Take(MaxMessages).Select(group => $"{group.Count()} of {members.Count}: {group.Key}"))
                + (others == 0 ? "" : $" And {others} more.");
    }

    private static string? MessageOf(Member member) =>
        member.Pod.Status?.Conditions?.FirstOrDefault(c => c is { Type: "PodScheduled", Status: ConditionStatus.False })?.Message is { Length: > 0 } message
            ? message
            : null;
}
