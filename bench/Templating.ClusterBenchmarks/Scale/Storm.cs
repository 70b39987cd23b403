using System.Collections.Concurrent;
using System.Diagnostics;
using Templating.ClusterBenchmarks.Cluster;
using Templating.Kubernetes.Resources;

namespace Templating.ClusterBenchmarks.Scale;

/// <summary>VMClones created as fast as one client can; each is timed from before its create call until its Ready event.</summary>
internal sealed class Storm(ClusterClient client, ObjectWatch<VMClone> clones, string @namespace)
{
    /// <summary>Calls under way. More only queue up in the server.</summary>
    private const int AtOnce = 32;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(20);

    /// <param name="prefix">Of their names.</param>
    /// <param name="count">How many.</param>
    /// <param name="poolPercent">Of them, spread evenly, taken from the pool.</param>
    /// <param name="cancellationToken">Stops.</param>
    public async Task<Outcome> RunAsync(string prefix, int count, int poolPercent, CancellationToken cancellationToken)
    {
        var times = new ConcurrentBag<CloneTime>();
        using var calls = new SemaphoreSlim(AtOnce);
        var start = Stopwatch.GetTimestamp();
        var created = 0L;
        var all = new List<Task>(count);
        for (var i = 0; i < count; i++)
        {
            var (name, fromPool) = ($"{prefix}-{i}", (i + 1) * poolPercent / 100 > i * poolPercent / 100);
            await calls.WaitAsync(cancellationToken);
            all.Add(OneAsync(name, fromPool));
        }

        await Task.WhenAll(all);
        return new Outcome([.. times], Stopwatch.GetElapsedTime(start, created), Stopwatch.GetElapsedTime(start, times.Max(t => t.End)));

        async Task OneAsync(string name, bool fromPool)
        {
            long begun;
            Task<long> ready;
            try
            {
                ready = clones.WhenAsync(name, Conditions.Ready, Limit, cancellationToken);
                begun = Stopwatch.GetTimestamp();
                await client.Clones.CreateNamespacedAsync(Specs.MakeClone(name, fromPool), @namespace, cancellationToken);
                Interlocked.Exchange(ref created, Stopwatch.GetTimestamp());
            }
            finally
            {
                calls.Release();
            }

            times.Add(new CloneTime(name, begun, await ready));
        }
    }

    /// <param name="Name">The VMClone's.</param>
    /// <param name="Start">In ticks of <see cref="Stopwatch"/>.</param>
    /// <param name="End">Likewise.</param>
    internal sealed record CloneTime(string Name, long Start, long End)
    {
        public double Milliseconds => Stopwatch.GetElapsedTime(Start, End).TotalMilliseconds;
    }

    /// <param name="Times">Of each.</param>
    /// <param name="UntilCreated">From the first call until the last one's answer.</param>
    /// <param name="UntilReady">From the first call until the last was ready.</param>
    internal sealed record Outcome(IReadOnlyList<CloneTime> Times, TimeSpan UntilCreated, TimeSpan UntilReady);
}
