using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Templating.Kubernetes.Calls;
using Templating.Operator.Cluster;
using Templating.Operator.Telemetry;
using Templating.Testing;

namespace Templating.OperatorTests.Harness;

/// <summary>The operator's connection to a server, without its reconcilers: informers that run, a writer, metrics.</summary>
internal sealed class OperatorParts : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly ApiConnection _connection;
    private readonly Task _informers;

    /// <param name="installation">The namespace of daemons.</param>
    /// <param name="watched">The only namespace whose resources are looked at; empty for all.</param>
    public OperatorParts(k8s.KubernetesClientConfiguration configuration, string installation = "templating-system", string watched = "")
    {
        _connection = ApiConnection.Open(configuration);
        var meters = _services.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>();
        ClusterMetrics = new ClusterMetrics(meters);
        Metrics = new OperatorMetrics(meters);
        Api = new ClusterApi(_connection, TimeProvider.System);
        Caches = new Caches(Api, installation, watched, ClusterMetrics, TimeProvider.System, NullLogger<Caches>.Instance);
        Writer = new ClusterWriter(Api, Caches, ClusterMetrics, NullLogger<ClusterWriter>.Instance);
        Events = new Events(Api, ClusterMetrics, TimeProvider.System, NullLogger<Events>.Instance);
        _informers = Task.WhenAll(Caches.RunAsync(_stop.Token), IgnoreCancelAsync(Events.RunAsync(_stop.Token)));
    }

    public ClusterApi Api { get; }

    public Caches Caches { get; }

    public ClusterWriter Writer { get; }

    public Events Events { get; }

    public ClusterMetrics ClusterMetrics { get; }

    public OperatorMetrics Metrics { get; }

    public static async Task<OperatorParts> SharedAsync() => await new OperatorParts((await SharedCluster.GetAsync()).Configuration()).SyncAsync();

    /// <summary>Returns itself when the first lists are in.</summary>
    public async Task<OperatorParts> SyncAsync()
    {
        await Caches.WaitForSyncAsync(CancellationToken.None).WaitAsync(Eventually.Limit);
        return this;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _informers;
        Writer.Dispose();
        _connection.Dispose();
        await _services.DisposeAsync();
        _stop.Dispose();
    }

    private static async Task IgnoreCancelAsync(Task task) => await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
