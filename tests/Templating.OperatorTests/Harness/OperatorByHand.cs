using k8s;
using k8s.Models;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.Operator.Hosting;
using Templating.Operator.Nodes;
using Templating.Operator.Pods;
using Templating.Operator.Queues;
using Templating.Operator.Reconcilers;
using Templating.Operator.Reconcilers.Clones;
using Templating.Operator.Reconcilers.Orphans;
using Templating.Operator.Reconcilers.Pools;
using Templating.Testing;

namespace Templating.OperatorTests.Harness;

/// <summary>
/// The reconcilers of pools and clones on a real server's informers. Time stands still but when a test moves it; a test calls
/// a reconciler itself, after <see cref="SeesAsync"/>, or lets them run (<see cref="Run"/>).
/// </summary>
internal sealed class OperatorByHand : IAsyncDisposable
{
    private readonly OperatorParts _parts;
    private readonly NodeDirectory _nodes;
    private readonly ServiceProvider _services;
    private readonly TestSpace _space;

    private OperatorByHand(OperatorParts parts, TestSpace space, TimeProvider? time, TimeSpan refillDelay, TimeSpan statusDelay)
    {
        _parts = parts;
        _space = space;
        // Connections are the real ones, in real time.
        _nodes = new NodeDirectory(parts.Caches.Daemons, new NodeClients(Options.Create(space.Tls), TimeProvider.System), TimeProvider.System, NullLogger<NodeDirectory>.Instance);
        _services = new ServiceCollection()
            .AddLogging()
            .AddMetrics()
            .AddSingleton(time ?? Time)
            .AddSingleton(parts.Caches)
            .AddSingleton(parts.Metrics)
            .AddSingleton(parts.Writer)
            .AddSingleton(parts.Api)
            .AddSingleton<IEvents>(Events)
            .AddSingleton<INodeDirectory>(_nodes)
            .AddCaches()
            .AddVmPods(new ConfigurationBuilder().AddInMemoryCollection([
                KeyValuePair.Create("Pods:RefillDelay", (string?)$"{refillDelay:c}"), KeyValuePair.Create("Pods:PoolStatusDelay", (string?)$"{statusDelay:c}")]).Build())
            .BuildServiceProvider();
    }

    /// <summary>Not later than the server's: what it creates now is not from the future.</summary>
    public FakeTimeProvider Time { get; } = new(TimeProvider.System.GetUtcNow());

    public EventsStandin Events { get; } = new();

    public Caches Caches => _parts.Caches;

    public ClusterWriter Writer => _parts.Writer;

    /// <param name="bearer">Whom the API server takes it for; null for the cluster's admin.</param>
    /// <param name="refillDelay">None where a test does not ask for it: most look at one step after the other.</param>
    /// <param name="statusDelay">Likewise.</param>
    public static async Task<OperatorByHand> StartAsync(
        TestSpace space, TimeProvider? time = null, string? bearer = null, TimeSpan refillDelay = default, TimeSpan statusDelay = default) =>
        new(await new OperatorParts(space.Server.Configuration(bearer), space.Installation, space.Name).SyncAsync(), space, time, refillDelay, statusDelay);

    public async Task<ReconcileResult> CloneAsync(string name, CancellationToken cancellationToken = default)
    {
        await SeesAsync();
        return await _services.GetRequiredService<CloneReconciler>().ReconcileAsync(_space.Key(name), cancellationToken);
    }

    /// <summary>Whether it overtakes others that wait to be looked at.</summary>
    public async Task<bool> GoesFirstAsync(string clone)
    {
        await SeesAsync();
        return _services.GetRequiredService<CloneTurns>().GoesFirst(_space.Key(clone));
    }

    public async Task<ReconcileResult> PoolAsync(string name)
    {
        await SeesAsync();
        return await _services.GetRequiredService<PoolReconciler>().ReconcileAsync(_space.Key(name), CancellationToken.None);
    }

    /// <summary>Looks whether a pod has an owner.</summary>
    public async Task<ReconcileResult> OrphanAsync(string pod)
    {
        await SeesAsync();
        return await _services.GetRequiredService<OrphanReconciler>().ReconcileAsync(_space.Key(pod), CancellationToken.None);
    }

    /// <summary>What is thought of the first node's daemon.</summary>
    public async Task<NodeState> DaemonAsync()
    {
        await SeesAsync();
        return Daemon();
    }

    /// <summary>The same, of what is known now.</summary>
    public NodeState Daemon() => _services.GetRequiredService<DaemonHealth>().Of(_space.Node(1).Name);

    /// <summary>Returns when the informers know everything that is in the namespace now, and the node what its daemon tells.</summary>
    public async Task SeesAsync()
    {
        var (client, space, node) = (_space.Client, _space.Name, _space.Node(1));
        await SeesAsync(
            () => [.. Caches.Nodes.List().Where(n => n.Metadata.Name == node.Name)],
            async () => (await client.CoreV1.ListNodeAsync(fieldSelector: $"metadata.name={node.Name}")).Items,
            "the node is known");
        await SeesAsync(
            () => Caches.Daemons.List(), async () => (await client.CoreV1.ListNamespacedPodAsync(_space.Installation)).Items, "the daemons' pods are known");
        await SeesAsync(
            () => [.. Caches.CsiNodes.List().Where(n => n.Metadata.Name == node.Name)],
            async () => (await client.StorageV1.ListCSINodeAsync(fieldSelector: $"metadata.name={node.Name}")).Items,
            "what the kubelet knows of drivers is known");
        await Eventually.UntilAsync(
            () => Caches.Daemons.List().Count == 0
                ? _nodes.Find(node.Name) is null
                : _nodes.Find(node.Name) is { Synced: true } known && known.Pods.ToHashSet().SetEquals(node.Pods),
            "what the daemon tells is known");
        await SeesAsync(() => Caches.Pods.List(space), () => _space.PodsAsync(), "all pods are known");
        await SeesAsync(() => Caches.Clones.List(space), () => ListAsync<VMClone>(), "all clones are known");
        await SeesAsync(() => Caches.Pools.List(space), () => ListAsync<VMPool>(), "all pools are known");
        await SeesAsync(() => Caches.Templates.List(space), () => ListAsync<VMTemplate>(), "all templates are known");
    }

    /// <summary>Both controllers, until cancelled.</summary>
    public Task Run(CancellationToken cancellationToken)
    {
        var sources = new TriggerSources(Caches, _nodes);
        return Task.WhenAll(_services.GetServices<Controller>().Select(c =>
            new ControllerRunner(c, sources, _parts.Metrics, TimeProvider.System, NullLogger.Instance).RunAsync(cancellationToken)));
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await _nodes.DisposeAsync();
        await _parts.DisposeAsync();
    }

    private async Task<IList<T>> ListAsync<T>()
        where T : class, IKubernetesObject<V1ObjectMeta> =>
        (await _parts.Api.SendAsync<ItemList<T>>(HttpMethod.Get, ResourceType.Of<T>().Collection(_space.Name), null, null, CancellationToken.None)).Items;

    private static Task SeesAsync<T>(Func<IReadOnlyList<T>> known, Func<Task<IList<T>>> there, string what)
        where T : IKubernetesObject<V1ObjectMeta> => Eventually.UntilAsync(async () => Versions(await there()).SetEquals(Versions(known())), what);

    private static HashSet<(string, string)> Versions<T>(IEnumerable<T> items)
        where T : IKubernetesObject<V1ObjectMeta> => [.. items.Select(i => (i.Metadata.Uid, i.Metadata.ResourceVersion))];
}
