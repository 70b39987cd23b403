using System.Globalization;
using System.Xml.Linq;
using Templating.Plots;

namespace Templating.Benchmarks.Page;

/// <summary>What grows with the number of clones; each only where the run has its samples.</summary>
internal static class CountPlots
{
    public static IEnumerable<XElement> Figures(Samples samples)
    {
        (string Name, string Side)[] storms = [("clones over the API", "clone"), ("bare QEMU", "bare")];
        if (Lines(samples, storms, Storms.Levels, (side, level) => Storms.Name(side, level, "per_second")) is { } throughput)
        {
            yield return LinePlot.Figure(
                "Throughput against concurrency", "starts at once", "clones a second, medians", "Each storm starts as many clones as there are in one, so many at once.", throughput);
        }

        (string Name, string Side)[] memory = [("clones", "clone"), ("without sharing", "unshared"), ("bare QEMU", "bare")];
        var counts = Enumerable.Range(1, 1000).Select(i => i * SharedMemory.Step).TakeWhile(count => samples.Has(SharedMemory.Name("clone", count))).ToArray();
        if (Lines(samples, memory, counts, SharedMemory.Name) is { } shared)
        {
            yield return LinePlot.Figure(
                "Memory against the number of clones", "idle clones", "MiB, fall of MemAvailable",
                "Without sharing each VM has RAM and images of its own in memory; what its template never wrote stays a hole there, too.", shared);
        }

        if (samples.Has("density.http"))
        {
            yield return Each(samples, "density.http", "Density: each clone's time to its first HTTP answer", "ms");
            yield return Each(samples, "density.fall_mib", "Density: memory of all clones", "MiB, fall of MemAvailable");
        }
    }

    private static List<Series>? Lines(
        Samples samples, IEnumerable<(string Name, string Side)> sides, IReadOnlyList<int> counts, Func<string, int, string> name)
    {
        var lines = sides
            .Where(s => counts.Count > 0 && counts.All(count => samples.Has(name(s.Side, count))))
            .Select(s => new Series(s.Name, [.. counts.Select(count => ((double)count, samples.Median(name(s.Side, count))))]))
            .ToList();
        return lines.Count > 0 ? lines : null;
    }

    /// <summary>One after another; a table of all would have hundreds of rows.</summary>
    private static XElement Each(Samples samples, string name, string title, string up)
    {
        var values = samples[name];
        var tenths = Enumerable.Range(0, 11).Select(i => i * (values.Count - 1) / 10).Distinct();
        return LinePlot.Figure(
            title, "clones", up, "One clone after another.", [new Series("clones", [.. values.Select((value, i) => (i + 1.0, value))])],
            Html.Table($"{title}, {up}", ["clone", up], tenths.Select(i => (IReadOnlyList<string>)[(i + 1).ToString(CultureInfo.InvariantCulture), Numbers.Text(values[i])])));
    }
}
