using System.Diagnostics;
using Templating.Benchmarks;
using Templating.ClusterBenchmarks.Cluster;
using Templating.Kubernetes.Resources;

namespace Templating.ClusterBenchmarks.Life;

/// <summary>Everything of the namespace that may move.</summary>
internal sealed class LifeWatches(ClusterClient client, string @namespace) : IAsyncDisposable
{
    /// <summary>
    /// A pool that is full, nothing else there, and no change for so long: the last round is over. What is told of a pool may be three seconds
    /// late (the operator's Pods:PoolStatusDelay).
    /// </summary>
    private static readonly TimeSpan Still = TimeSpan.FromSeconds(4);

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    public ObjectWatch<PodView> Pods { get; } = new(client.WatchedPods, @namespace);

    public ObjectWatch<VMClone> Clones { get; } = new(client.WatchedClones, @namespace);

    public ObjectWatch<VMPool> Pools { get; } = new(client.WatchedPools, @namespace);

    /// <summary>Until nothing is there but the pool, full, and nothing moves.</summary>
    public Task WaitQuietAsync(int replicas, CancellationToken cancellationToken) =>
        WaitAsync(() => Clones.All.Count == 0 && Pods.All.Count == replicas && IsFullAndStill(), "at rest", cancellationToken);

    /// <summary>Until the pool is full again beside a claimed VM, and nothing moves.</summary>
    public Task WaitRefilledAsync(int replicas, CancellationToken cancellationToken) =>
        WaitAsync(() => Pods.All.Count == replicas + 1 && Pools.All is [{ Status.ClaimedReplicas: 1 }, ..] && IsFullAndStill(), "full again", cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await Pods.DisposeAsync();
        await Clones.DisposeAsync();
        await Pools.DisposeAsync();
    }

    private bool IsFullAndStill() =>
        Pods.All.All(p => p.Metadata.DeletionTimestamp is null)
        && Pools.All is [var pool, ..] && Conditions.Full(pool)
        && Pods.Quiet > Still && Clones.Quiet > Still && Pools.Quiet > Still;

    private async Task WaitAsync(Func<bool> condition, string wanted, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(start) > Limit)
            {
                throw new BenchmarkException($"The pool was not {wanted} within {Limit}; there are: "
                    + string.Join(", ", Pods.All.Select(p => $"{p.Metadata.Name} {p.Status?.Phase}")));
            }

            // What is waited for here is that nothing happens.
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, cancellationToken);
        }
    }
}
