namespace Templating.Benchmarks;

/// <summary>One of our figures over another's, both taken in the same run.</summary>
/// <param name="Name">What is promised.</param>
/// <param name="Ours">Samples.</param>
/// <param name="OursIs">What they are, for a legend.</param>
/// <param name="Theirs">Samples of what they are compared to.</param>
/// <param name="TheirsIs">What those are.</param>
/// <param name="Unit">Of both.</param>
/// <param name="Limit">Our median is at most so many times theirs.</param>
/// <param name="Limit99">Our 99th percentile is at most so many times their median; null where nothing is promised of it.</param>
internal sealed record Comparison(
    string Name, string Ours, string OursIs, string Theirs, string TheirsIs, string Unit, double Limit, double? Limit99 = null)
{
    public bool IsIn(Samples samples) => samples.Has(Ours) && samples.Has(Theirs);

    public IEnumerable<Target> Targets(Samples samples)
    {
        yield return new Target(Name, Limit, AtLeast: false, "x", samples.Ratio(Ours, Theirs));
        if (Limit99 is { } limit)
        {
            yield return new Target($"{Name}: 99th percentile", limit, AtLeast: false, "x", samples.Percentile(Ours, 0.99) / samples.Median(Theirs));
        }
    }
}
