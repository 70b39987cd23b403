using System.Globalization;
using Templating.Contract;
using Templating.Kubectl.Load.Samples;

namespace Templating.Kubectl.Load.Reports;

/// <summary>How far a run is, in one line. Pure.</summary>
internal static class ProgressText
{
    /// <summary>Seconds, over which rate and percentiles are told: old ones would hide what is now.</summary>
    private const double Window = 10;

    public static string Of(IReadOnlyList<Sample> samples, double now)
    {
        var usable = samples.Where(s => s.Usable is not null && s.Failure is null).ToList();
        var recent = usable.Where(s => s.Usable > now - Window).ToList();
        double[] times = [.. recent.Select(s => s.Milliseconds()!.Value).Order()];
        var alive = usable.Count(s => s.Ended is null && s.Deleted is null && s.Gone is null);
        var figures = times.Length == 0 ? "none lately"
            : $"p50 {Texts.Time(Percentiles.Of(times, 0.5))}, p95 {Texts.Time(Percentiles.Of(times, 0.95))}";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{DurationText.Format(TimeSpan.FromSeconds(Math.Floor(now)))}: {samples.Count} asked for, {usable.Count} usable ({alive} there), "
            + $"{samples.Count(s => s.Failure is not null)} failed; {recent.Count / Math.Clamp(now, 1, Window):0.0}/s, {figures}");
    }
}
