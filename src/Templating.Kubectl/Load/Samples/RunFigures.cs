namespace Templating.Kubectl.Load.Samples;

/// <summary>Figures of samples together. Pure.</summary>
internal static class RunFigures
{
    /// <summary>Usable a second, from the first create call to the last that became usable; null where that is no time.</summary>
    public static double? Rate(IReadOnlyList<Sample> samples)
    {
        var usable = samples.Where(s => s.Usable is not null).Select(s => s.Usable!.Value).ToList();
        if (usable.Count == 0)
        {
            return null;
        }

        var seconds = usable.Max() - samples.Min(s => s.Created ?? double.MaxValue);
        return seconds > 0 ? usable.Count / seconds : null;
    }

    /// <summary>The most that were usable at once, and had neither ended nor been deleted.</summary>
    public static int Held(IEnumerable<Sample> samples)
    {
        var changes = samples.Where(s => s.Usable is not null)
            .SelectMany(s => new[] { (At: s.Usable!.Value, Change: 1), (At: s.Ended ?? s.Deleted ?? s.Gone ?? double.MaxValue, Change: -1) })
            .OrderBy(c => c.At).ThenBy(c => c.Change);
        var (now, most) = (0, 0);
        foreach (var (_, change) in changes)
        {
            now += change;
            most = Math.Max(most, now);
        }

        return most;
    }

    /// <summary>How many times are in each window, from the begin on; the last one ends at or after the end.</summary>
    public static int[] Windows(IEnumerable<double?> times, double width, double end)
    {
        var windows = new int[Math.Max(1, (int)Math.Ceiling(end / width))];
        foreach (var time in times.OfType<double>())
        {
            windows[Math.Clamp((int)(time / width), 0, windows.Length - 1)]++;
        }

        return windows;
    }
}
