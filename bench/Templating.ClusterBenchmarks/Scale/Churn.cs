using System.Collections.Concurrent;
using System.Diagnostics;

namespace Templating.ClusterBenchmarks.Scale;

/// <summary>VMClones that come and go at a steady rate beside those that stay: with each that is created the oldest is deleted.</summary>
internal sealed class Churn(CloneTimer timer)
{
    /// <summary>VMClones that were asked for and are not ready. Beyond it the cluster has fallen behind for good, and no more is asked of it.</summary>
    private const int MostUnderWay = 1000;

    /// <param name="prefix">Of their names.</param>
    /// <param name="atRest">Those there are, the oldest first.</param>
    /// <param name="rate">A second.</param>
    /// <param name="time">For how long.</param>
    /// <param name="poolPercent">Of them, spread evenly, taken from the pool.</param>
    /// <param name="cancellationToken">Stops.</param>
    public async Task<Outcome> RunAsync(string prefix, IEnumerable<string> atRest, int rate, TimeSpan time, int poolPercent, CancellationToken cancellationToken)
    {
        var oldest = new ConcurrentQueue<string>(atRest);
        var underWay = 0;
        var start = Stopwatch.GetTimestamp();
        var all = new List<Task<CloneTime>>();
        var offers = (int)(rate * time.TotalSeconds);
        for (var i = 0; i < offers; i++)
        {
            // By the clock: a late one does not make those after it late.
            var wait = TimeSpan.FromSeconds((double)i / rate) - Stopwatch.GetElapsedTime(start);
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait, TimeProvider.System, cancellationToken);
            }

            if (Volatile.Read(ref underWay) < MostUnderWay)
            {
                Interlocked.Increment(ref underWay);
                all.Add(ReplaceAsync($"{prefix}-{i}", CloneTimer.IsFromPool(i, poolPercent)));
            }
        }

        var end = Stopwatch.GetTimestamp();
        return new Outcome(await Task.WhenAll(all), offers, Stopwatch.GetElapsedTime(start, end), end);

        async Task<CloneTime> ReplaceAsync(string name, bool fromPool)
        {
            var gone = oldest.TryDequeue(out var old) ? timer.DeleteAsync(old, cancellationToken) : Task.CompletedTask;
            var ready = await timer.CreateAsync(name, fromPool, () => { }, cancellationToken);
            Interlocked.Decrement(ref underWay);
            oldest.Enqueue(name);
            await gone;
            return ready;
        }
    }

    /// <param name="Times">Of each that was created.</param>
    /// <param name="Offered">How many the rate asked for.</param>
    /// <param name="Took">Until the last was asked for.</param>
    /// <param name="Stopped">When that was, in ticks of <see cref="Stopwatch"/>.</param>
    internal sealed record Outcome(IReadOnlyList<CloneTime> Times, int Offered, TimeSpan Took, long Stopped)
    {
        /// <summary>Those that were ready by then, a second.</summary>
        public double ReadyPerSecond => Times.Count(t => t.End <= Stopped) / Took.TotalSeconds;
    }
}
