using Templating.Kubectl.Load.Samples;

namespace Templating.Kubectl.Load.Reports;

/// <summary>Why objects did not become usable, the most frequent first. Pure.</summary>
internal static class Failures
{
    public static IReadOnlyList<(string Reason, int Count)> Of(IEnumerable<Sample> samples) =>
    [
        .. samples.Where(s => s.Failure is not null).GroupBy(s => s.Failure!, StringComparer.Ordinal)
            .Select(g => (g.Key, Count: g.Count())).OrderByDescending(f => f.Count).ThenBy(f => f.Key, StringComparer.Ordinal),
    ];
}
