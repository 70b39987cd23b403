namespace Templating.Kubectl.Load.Samples;

/// <summary>One side of a run: a subject, warm and cold apart. Pure.</summary>
/// <param name="Name">Of the side.</param>
/// <param name="Asked">Objects.</param>
/// <param name="Usable">Of them.</param>
/// <param name="Failed">Of them; the rest was broken off.</param>
/// <param name="Sorted">Milliseconds to usable.</param>
internal sealed record SideSummary(string Name, int Asked, int Usable, int Failed, double[] Sorted)
{
    /// <summary>In the order of their names.</summary>
    public static IReadOnlyList<SideSummary> Of(IEnumerable<Sample> samples) =>
        [.. samples.GroupBy(s => s.Side(), StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => Of(g.Key, [.. g]))];

    public static SideSummary Of(string name, IReadOnlyList<Sample> samples)
    {
        double[] sorted = [.. samples.Where(s => s.Failure is null).Select(s => s.Milliseconds()).OfType<double>().Order()];
        return new(name, samples.Count, sorted.Length, samples.Count(s => s.Failure is not null), sorted);
    }

    /// <summary>Null where none became usable.</summary>
    public double? Time(double share) => Sorted.Length == 0 ? null : Percentiles.Of(Sorted, share);

    /// <summary>In percent of what came to an end; null where nothing did.</summary>
    public double? FailedPercent => Usable + Failed == 0 ? null : 100.0 * Failed / (Usable + Failed);
}
