using System.Globalization;
using Templating.Contract;

namespace Templating.Core.Templates;

/// <summary>When a template may be ready.</summary>
internal static class ReadinessRules
{
    public static IEnumerable<FieldViolation> Check(ReadinessSpec readiness)
    {
        var faults = new Faults();
        var timeout = readiness.Timeout;
        faults.Require(
            timeout >= Timeouts.Least && timeout <= Timeouts.MostReadiness, "spec.readiness.timeout",
            $"{timeout.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture)} s is not allowed; use 1 s to 1 h.");
        faults.AddRange(WarmUpRules.Check("spec.readiness.warm_up", readiness.WarmUp, i => $"spec.readiness.warm_up[{i}]"));
        return faults.All;
    }
}
