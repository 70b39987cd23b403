namespace Templating.Kubectl.Load.Samples;

/// <summary>The least of the values that such a share of them is at or below: always one that was measured.</summary>
internal static class Percentiles
{
    /// <param name="sorted">In order, at least one.</param>
    /// <param name="share">0 to 1.</param>
    public static double Of(IReadOnlyList<double> sorted, double share) =>
        sorted[Math.Clamp((int)Math.Ceiling((share * sorted.Count) - 1e-9) - 1, 0, sorted.Count - 1)];
}
