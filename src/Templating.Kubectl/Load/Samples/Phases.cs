namespace Templating.Kubectl.Load.Samples;

/// <summary>Of what the time to usable consists. Pure.</summary>
internal static class Phases
{
    /// <summary>In order; each from the one before.</summary>
    public static readonly IReadOnlyList<string> Names = ["create call", "placed", "started", "ready", "answered"];

    /// <summary>Milliseconds of each phase; a moment that was not seen, or seen with a later one, counts for that. Null where it was not usable.</summary>
    public static double[]? Of(Sample sample)
    {
        if (sample.Milliseconds() is null)
        {
            return null;
        }

        var usable = sample.Usable!.Value;
        double?[] ends = [sample.Accepted, sample.Placed, sample.Started, sample.Ready, usable];
        var parts = new double[ends.Length];
        var last = sample.Created!.Value;
        for (var i = 0; i < ends.Length; i++)
        {
            // The watch may tell of a thing before its create call is answered.
            var end = Math.Clamp(ends[i] ?? last, last, usable);
            parts[i] = (end - last) * 1000;
            last = end;
        }

        return parts;
    }

    /// <summary>Of several: the mean of each phase, so that together they are the mean of the whole.</summary>
    public static double[] Mean(IReadOnlyCollection<double[]> all) => [.. Names.Select((_, i) => all.Average(parts => parts[i]))];
}
