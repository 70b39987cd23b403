using k8s.Models;
using Templating.Kubernetes;

namespace Templating.Operator.Reconcilers;

/// <summary>
/// The conditions of a status that is being made from the present one. What does not change keeps its time. Times are whole
/// seconds, as the API server keeps them, so that a status reads back as it was written.
/// </summary>
internal sealed class ConditionSet(IEnumerable<V1Condition>? present, long? generation, DateTimeOffset now)
{
    private readonly List<V1Condition> _all = [.. present ?? []];

    public DateTime Now { get; } = WholeSeconds(now);

    public static DateTime WholeSeconds(DateTimeOffset time) =>
        new(time.UtcTicks - time.UtcTicks % TimeSpan.TicksPerSecond, DateTimeKind.Utc);

    public V1Condition? Get(string type) => _all.Find(c => c.Type == type);

    public bool IsTrue(string type) => Get(type)?.Status == ConditionStatus.True;

    /// <returns>Whether status or reason are not what they were: worth an Event.</returns>
    public bool Set(string type, string status, string reason, string message)
    {
        var old = Get(type);
        var next = new V1Condition
        {
            Type = type,
            Status = status,
            Reason = reason,
            // A server of 1.20 takes an applied "" for null, and refuses it.
            Message = message.Length == 0 ? reason : message.Length <= MaxMessage ? message : message[..MaxMessage],
            ObservedGeneration = generation,
            LastTransitionTime = old is not null && old.Status == status ? old.LastTransitionTime : Now,
        };
        if (old is null)
        {
            _all.Add(next);
        }
        else
        {
            _all[_all.IndexOf(old)] = next;
        }

        return old?.Status != status || old.Reason != reason;
    }

    /// <summary>For one that is there only while it is so.</summary>
    public void Remove(string type) => _all.RemoveAll(c => c.Type == type);

    public List<V1Condition> ToList() => [.. _all];

    /// <summary>The schema of metav1.Condition allows 32,768.</summary>
    private const int MaxMessage = 8192;
}
