using System.Text.Json;
using System.Text.Json.Serialization;
using Templating.Kubectl.Load.Running;

namespace Templating.Kubectl.Load.Reports;

/// <summary>
/// All samples and all that was measured, for other programs (docs/kubernetes/load.md):
/// <c>{version, run, recipe, namespaces, began, seconds, interrupted, fault, left, notes, sides, failures, verdicts, calls, pools, operator, samples}</c>.
/// </summary>
internal static class ResultJson
{
    /// <summary>Another one where a reader of this would misread.</summary>
    public const int Version = 1;

    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        WriteIndented = true,
    };

    public static string Of(RunResult result) => JsonSerializer.Serialize(
        new
        {
            Version,
            result.Run,
            Recipe = result.Recipe.Name,
            result.Namespaces,
            result.Began,
            Seconds = Math.Round(result.Seconds, 6),
            result.Interrupted,
            result.Fault,
            Left = result.Left.Select(l => l.Text),
            result.Notes,
            Sides = Samples.SideSummary.Of(result.Samples).Select(s => new
            {
                s.Name,
                s.Asked,
                s.Usable,
                s.Failed,
                P50 = s.Time(0.5),
                P90 = s.Time(0.9),
                P95 = s.Time(0.95),
                P99 = s.Time(0.99),
                Max = s.Time(1),
            }),
            Failures = Failures.Of(result.Samples).Select(f => new { f.Reason, f.Count, Example = result.Examples.GetValueOrDefault(f.Reason) }),
            result.Verdicts,
            result.Calls,
            result.Pools,
            result.Operator,
            result.Samples,
        },
        Options) + "\n";
}
