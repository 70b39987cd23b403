using Templating.Plots;

namespace Templating.Benchmarks.Page;

internal static class Summaries
{
    /// <summary>Least, median, 90th and 99th percentile, most.</summary>
    public static IEnumerable<string> Of(Samples samples, string name) =>
        ((double[])[samples.Least(name), samples.Median(name), samples.Percentile(name, 0.9), samples.Percentile(name, 0.99), samples.Percentile(name, 1)])
        .Select(Numbers.Text);
}
