namespace Templating.Kubectl.Load.Reports;

/// <summary>So few of many that a plot or a table can show them.</summary>
internal static class Thinned
{
    /// <summary>Every so many, and the last.</summary>
    public static IReadOnlyList<T> Of<T>(IReadOnlyList<T> all, int most)
    {
        var stride = Math.Max(1, (int)Math.Ceiling(all.Count / (double)most));
        return [.. all.Where((_, i) => i % stride == 0 || i == all.Count - 1)];
    }
}
