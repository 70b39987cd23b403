using Templating.Kubectl.Load.Running;
using Templating.Kubectl.Load.Samples;

namespace Templating.Kubectl.Load.Reports;

/// <summary>What is to be said of a run beside its figures.</summary>
internal static class Remarks
{
    public static IEnumerable<string> Of(RunResult result)
    {
        foreach (var note in result.Notes)
        {
            yield return note;
        }

        if (result.Interrupted)
        {
            yield return "It was broken off; the figures are of what was done until then.";
        }

        if (result.Fault is { } fault)
        {
            yield return $"It broke off by itself: {fault}";
        }

        if (result.IsForNothing)
        {
            yield return $"Not one of the {result.Samples.Count} objects became usable.";
        }

        foreach (var (reason, said) in result.Examples.OrderBy(e => e.Key, StringComparer.Ordinal))
        {
            yield return $"{reason}, for example: {said}";
        }

        if (Ended(result.Samples) is { } ended)
        {
            yield return ended;
        }

        foreach (var left in result.Left)
        {
            yield return $"NOT removed: {left.Text}";
        }

        string[] where = [.. result.Left.Select(left => left.Namespace).Distinct(StringComparer.Ordinal)];
        if (where.Length > 0)
        {
            yield return $"To try again: kubectl templating load clean {result.Run} {(where.Length == 1 ? $"-n {where[0]}" : "-A")}";
        }
    }

    /// <summary>They are no failures, for they were measured; but they are not held any more.</summary>
    private static string? Ended(IReadOnlyList<Sample> samples)
    {
        var reasons = samples.Where(s => s.Ended is not null).CountBy(s => s.EndReason ?? "", StringComparer.Ordinal)
            .OrderByDescending(r => r.Value).ThenBy(r => r.Key, StringComparer.Ordinal).ToList();
        var count = reasons.Sum(r => r.Value);
        return count switch
        {
            0 => null,
            1 => $"1 ended after it was usable: {reasons[0].Key}",
            _ when reasons.Count == 1 => $"{count} ended after they were usable: {reasons[0].Key}",
            _ => $"{count} ended after they were usable: {string.Join(", ", reasons.Select(r => $"{r.Key} ({r.Value})"))}",
        };
    }
}
