using Templating.Kubectl.Load.Running;

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

        foreach (var left in result.Left)
        {
            yield return $"NOT removed: {left}. To try again: kubectl templating load clean {result.Run}";
        }
    }
}
