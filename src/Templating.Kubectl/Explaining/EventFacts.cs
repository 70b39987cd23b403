using Templating.Kubectl.Cluster;

namespace Templating.Kubectl.Explaining;

internal static class EventFacts
{
    // The newest say what is now.
    private const int Most = 3;

    /// <summary>The newest warnings about an object, one of each reason.</summary>
    public static IEnumerable<Finding> Warnings(Snapshot snapshot, string? @namespace, string kind, string name) => snapshot.Events
        .Where(e => e.Type == "Warning" && e.InvolvedObject?.Kind == kind && e.InvolvedObject.Name == name
            && e.InvolvedObject.NamespaceProperty == @namespace)
        .OrderByDescending(e => e.LastTimestamp ?? e.EventTime ?? e.Metadata?.CreationTimestamp)
        .DistinctBy(e => e.Reason, StringComparer.Ordinal)
        .Take(Most)
        .Select(e => new Finding($"Event about {kind} {name}, {e.Reason}: {e.Message}", Advice.For(e.Reason)));
}
