using System.Globalization;
using Templating.Contract;
using Templating.Kubectl.Load.Recipes;

namespace Templating.Kubectl.Load.Samples;

/// <summary>A threshold, and what was measured. Pure.</summary>
/// <param name="Wanted">In words.</param>
/// <param name="Measured">Likewise.</param>
internal sealed record Verdict(string Wanted, string Measured, bool Met)
{
    public static Verdict Of(Threshold threshold, IReadOnlyList<Sample> samples)
    {
        var measured = Measure(threshold, samples);
        var met = measured is { } value && value <= (threshold.Most ?? double.MaxValue) && value >= (threshold.Least ?? double.MinValue);
        return new(Describe(threshold), measured is { } some ? Text(threshold, some) : "not measured", met);
    }

    private static double? Measure(Threshold threshold, IReadOnlyList<Sample> all)
    {
        var samples = Of(threshold.Subject, all);
        return threshold.Figure switch
        {
            Figures.Failures => SideSummary.Of("", samples).FailedPercent,
            Figures.Rate => RunFigures.Rate(samples),
            Figures.Held => RunFigures.Held(samples),
            _ when threshold.Against is { } other =>
                Time(threshold.Figure, Of(other, all)) is { } theirs and > 0 ? Time(threshold.Figure, samples) / theirs : null,
            _ => Time(threshold.Figure, samples),
        };
    }

    private static IReadOnlyList<Sample> Of(string? subject, IReadOnlyList<Sample> samples) =>
        subject is null ? samples : [.. samples.Where(s => s.Subject == subject)];

    private static double? Time(string figure, IReadOnlyList<Sample> samples) => SideSummary.Of("", samples).Time(Figures.Times[figure]);

    private static string Describe(Threshold threshold)
    {
        var of = threshold.Subject is { } subject ? $" of {subject}" : "";
        var by = threshold.Against is { } other ? $" by that of {other}" : "";
        string[] limits =
        [
            .. threshold.Least is { } least ? [$"at least {Text(threshold, least)}"] : Array.Empty<string>(),
            .. threshold.Most is { } most ? [$"at most {Text(threshold, most)}"] : Array.Empty<string>(),
        ];
        return $"{threshold.Figure}{of}{by} {string.Join(", ", limits)}";
    }

    private static string Text(Threshold threshold, double value) =>
        Figures.Times.ContainsKey(threshold.Figure) && threshold.Against is null ? DurationText.Format(TimeSpan.FromMilliseconds(value))
        : threshold.Figure == Figures.Failures ? string.Create(CultureInfo.InvariantCulture, $"{value:0.##} %")
        : threshold.Figure == Figures.Rate ? string.Create(CultureInfo.InvariantCulture, $"{value:0.##}/s")
        : string.Create(CultureInfo.InvariantCulture, $"{value:0.###}");
}
