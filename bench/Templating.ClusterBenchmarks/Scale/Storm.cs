using System.Diagnostics;

namespace Templating.ClusterBenchmarks.Scale;

/// <summary>VMClones created as fast as one client can.</summary>
internal sealed class Storm(CloneTimer timer)
{
    /// <summary>Calls under way. More only queue up in the server.</summary>
    private const int AtOnce = 32;

    /// <param name="prefix">Of their names.</param>
    /// <param name="count">How many.</param>
    /// <param name="poolPercent">Of them, spread evenly, taken from the pool.</param>
    /// <param name="cancellationToken">Stops.</param>
    public async Task<Outcome> RunAsync(string prefix, int count, int poolPercent, CancellationToken cancellationToken)
    {
        using var calls = new SemaphoreSlim(AtOnce);
        var start = Stopwatch.GetTimestamp();
        var all = new List<Task<CloneTime>>(count);
        for (var i = 0; i < count; i++)
        {
            await calls.WaitAsync(cancellationToken);
            all.Add(timer.CreateAsync($"{prefix}-{i}", CloneTimer.IsFromPool(i, poolPercent), () => calls.Release(), cancellationToken));
        }

        var times = await Task.WhenAll(all);
        return new Outcome(times, Stopwatch.GetElapsedTime(start, times.Max(t => t.Created)), Stopwatch.GetElapsedTime(start, times.Max(t => t.End)));
    }

    /// <param name="Times">Of each.</param>
    /// <param name="UntilCreated">From the first call until the last one's answer.</param>
    /// <param name="UntilReady">From the first call until the last was ready.</param>
    internal sealed record Outcome(IReadOnlyList<CloneTime> Times, TimeSpan UntilCreated, TimeSpan UntilReady);
}
