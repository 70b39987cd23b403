using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Templating.Operator.Cluster;
using Templating.Operator.Telemetry;
using Templating.Testing;
using Templating.Testing.Kubernetes;

namespace Templating.OperatorTests;

/// <summary>The operator's connection to a server, without its reconcilers: informers that run, a writer, metrics.</summary>
internal sealed class OperatorParts : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly k8s.Kubernetes _client;
    private readonly Task _informers;

    public OperatorParts(k8s.KubernetesClientConfiguration configuration, TimeProvider? time = null)
    {
        Time = time ?? TimeProvider.System;
        _client = new k8s.Kubernetes(configuration);
        Meters = _services.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>();
        ClusterMetrics = new ClusterMetrics(Meters);
        Metrics = new OperatorMetrics(Meters);
        Api = new ClusterApi(_client, Time);
        Caches = new Caches(Api, "templating-system", "", ClusterMetrics, Time, NullLogger<Caches>.Instance);
        Writer = new ClusterWriter(Api, Caches, ClusterMetrics, NullLogger<ClusterWriter>.Instance);
        Events = new Events(Api, ClusterMetrics, Time, NullLogger<Events>.Instance);
        _informers = Task.WhenAll(Caches.RunAsync(_stop.Token), IgnoreCancelAsync(Events.RunAsync(_stop.Token)));
    }

    public TimeProvider Time { get; }

    public System.Diagnostics.Metrics.IMeterFactory Meters { get; }

    public ClusterApi Api { get; }

    public Caches Caches { get; }

    public ClusterWriter Writer { get; }

    public Events Events { get; }

    public ClusterMetrics ClusterMetrics { get; }

    public OperatorMetrics Metrics { get; }

    public static async Task<OperatorParts> SharedAsync()
    {
        var parts = new OperatorParts((await SharedCluster.GetAsync()).Configuration());
        await parts.Caches.WaitForSyncAsync(CancellationToken.None).WaitAsync(Eventually.Limit);
        return parts;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _informers;
        Writer.Dispose();
        _client.Dispose();
        await _services.DisposeAsync();
        _stop.Dispose();
    }

    private static async Task IgnoreCancelAsync(Task task) => await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
