using System.Diagnostics;

namespace Templating.ClusterBenchmarks.Scale;

/// <summary>When a VMClone came; in ticks of <see cref="Stopwatch"/>.</summary>
/// <param name="Name">The VMClone's.</param>
/// <param name="Start">Before its create call.</param>
/// <param name="Created">After it.</param>
/// <param name="End">Its Ready event was read.</param>
internal sealed record CloneTime(string Name, long Start, long Created, long End)
{
    public double Milliseconds => Stopwatch.GetElapsedTime(Start, End).TotalMilliseconds;
}
