using System.Diagnostics;
using k8s;
using k8s.Models;
using Templating.Benchmarks;
using Templating.ClusterBenchmarks.Cluster;
using Templating.Kubernetes;
using Templating.Kubernetes.Metrics;

namespace Templating.ClusterBenchmarks.Life;

/// <summary>
/// A round is a plain pod, a warm and a cold VMClone, one after the other, each on a cluster at rest; which comes first
/// changes each round. Times are from before the create call to the arrival of the watch's event, by this process' clock.
/// </summary>
internal sealed class LifeRounds(ClusterClient client, LifeWatches watches, string @namespace, LifeOptions options, Samples samples) : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(10) };
    private readonly Dictionary<string, double> _writesByKind = new(StringComparer.Ordinal);

    /// <summary>The operator's writes during warm claims, refills included, by controller, verb and resource.</summary>
    public IReadOnlyDictionary<string, double> WritesByKind => _writesByKind;

    /// <param name="number">Below 0 for one whose times do not count.</param>
    /// <param name="cancellationToken">Stops.</param>
    public async Task RunAsync(int number, CancellationToken cancellationToken)
    {
        var counts = number >= 0;
        Func<Task>[] turns =
        [
            () => PlainAsync($"plain-{number + 1}", counts, cancellationToken),
            () => WarmAsync($"warm-{number + 1}", counts, cancellationToken),
            () => CloneAsync($"cold-{number + 1}", fromPool: false, counts ? "cold" : null, cancellationToken),
        ];
        for (var i = 0; i < turns.Length; i++)
        {
            await watches.WaitQuietAsync(options.Replicas, cancellationToken);
            await turns[(Math.Max(number, 0) + i) % turns.Length]();
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task PlainAsync(string name, bool counts, CancellationToken cancellationToken)
    {
        var running = watches.Pods.WhenAsync(name, Conditions.Running, Limit, cancellationToken);
        var start = Stopwatch.GetTimestamp();
        await client.Api.CoreV1.CreateNamespacedPodAsync(
            Specs.MakePlainPod(name, options.Image), @namespace, cancellationToken: cancellationToken);
        Add(counts ? "plain" : null, start, await running);
        await client.Api.CoreV1.DeleteNamespacedPodAsync(name, @namespace, gracePeriodSeconds: 0, cancellationToken: cancellationToken);
        await watches.Pods.WhenAsync(name, Conditions.Gone, Limit, cancellationToken);
    }

    private async Task WarmAsync(string name, bool counts, CancellationToken cancellationToken)
    {
        var before = await MetricsAsync(cancellationToken);
        var serverBefore = await ApiServerMetrics.ReadAsync(client.Api, cancellationToken);
        await CloneAsync(name, fromPool: true, counts ? "warm" : null, cancellationToken, async () =>
        {
            // What the claim entails may come after it is ready: the pool is refilled, Events are written.
            await watches.WaitRefilledAsync(options.Replicas, cancellationToken);
            var after = await MetricsAsync(cancellationToken);
            var serverAfter = await ApiServerMetrics.ReadAsync(client.Api, cancellationToken);
            if (!counts)
            {
                return;
            }

            samples.Add("warm.writes", after.WritesInAll() - before.WritesInAll());
            // Without the create, which is ours.
            samples.Add("warm.writes_vmclones_by_server", serverAfter.WritesOf("vmclones") - serverBefore.WritesOf("vmclones") - 1);
            var known = before.WritesByKind();
            foreach (var (kind, count) in after.WritesByKind())
            {
                _writesByKind[kind] = _writesByKind.GetValueOrDefault(kind) + count - known.GetValueOrDefault(kind);
            }
        });
    }

    private async Task CloneAsync(
        string name, bool fromPool, string? sample, CancellationToken cancellationToken, Func<Task>? beforeDelete = null)
    {
        var ready = watches.Clones.WhenAsync(name, Conditions.Ready, Limit, cancellationToken);
        var start = Stopwatch.GetTimestamp();
        await client.Clones.CreateNamespacedAsync(Specs.MakeClone(name, fromPool), @namespace, cancellationToken);
        Add(sample, start, await ready);
        var clone = watches.Clones.All.First(c => c.Metadata.Name == name);
        if (clone.Status?.Start != (fromPool ? StartKinds.Warm : StartKinds.Cold))
        {
            throw new BenchmarkException($"VMClone {name} was to start {(fromPool ? "warm" : "cold")}, but did {clone.Status?.Start}.");
        }

        foreach (var phase in sample is null ? [] : clone.Status.Phases ?? [])
        {
            samples.Add($"{sample}.phase.{phase.Name}", phase.Seconds * 1000);
        }

        if (beforeDelete is not null)
        {
            await beforeDelete();
        }

        await client.Clones.DeleteNamespacedAsync<V1Status>(@namespace, name, cancellationToken);
        await watches.Clones.WhenAsync(name, Conditions.Gone, Limit, cancellationToken);
    }

    private void Add(string? sample, long start, long end)
    {
        if (sample is not null)
        {
            samples.Add($"{sample}.ms", Stopwatch.GetElapsedTime(start, end).TotalMilliseconds);
        }
    }

    private Task<MetricsPage> MetricsAsync(CancellationToken cancellationToken) =>
        OperatorMetrics.ReadAsync(client.Api, _http, options.Installation, options.MetricsPort, cancellationToken);
}
