using k8s;
using k8s.Models;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.Operator.Hosting;
using Templating.Operator.Nodes;
using Templating.Operator.Queues;
using Templating.Operator.Reconcilers;
using Templating.Operator.Reconcilers.Clones;
using Templating.Operator.Reconcilers.Pools;
using Templating.Testing;

namespace Templating.OperatorTests.Standins;

/// <summary>
/// The reconcilers of pools and clones on a real server's informers. Time stands still but when a test moves it; a test calls
/// a reconciler itself, after <see cref="SeesAsync"/>, or lets them run (<see cref="Run"/>).
/// </summary>
internal sealed class VmOperator : IAsyncDisposable
{
    private readonly OperatorParts _parts;
    private readonly ServiceProvider _services;
    private readonly VmNamespace _space;

    private VmOperator(OperatorParts parts, VmNamespace space, TimeProvider? time)
    {
        _parts = parts;
        _space = space;
        _services = new ServiceCollection()
            .AddSingleton(time ?? Time)
            .AddSingleton(parts.Caches)
            .AddSingleton(parts.Metrics)
            .AddSingleton(parts.Writer)
            .AddSingleton(parts.Api)
            .AddSingleton<IEvents>(Events)
            .AddSingleton<INodeDirectory>(space.Node)
            .AddCaches()
            .AddVmPods(new ConfigurationBuilder().Build())
            .BuildServiceProvider();
    }

    /// <summary>Not later than the server's: what it creates now is not from the future.</summary>
    public FakeTimeProvider Time { get; } = new(TimeProvider.System.GetUtcNow());

    public EventsStandin Events { get; } = new();

    public Caches Caches => _parts.Caches;

    public ClusterWriter Writer => _parts.Writer;

    public static async Task<VmOperator> StartAsync(VmNamespace space, TimeProvider? time = null)
    {
        var parts = new OperatorParts(space.Server.Configuration());
        await parts.Caches.WaitForSyncAsync(CancellationToken.None).WaitAsync(Eventually.Limit);
        return new VmOperator(parts, space, time);
    }

    public async Task<ReconcileResult> CloneAsync(ObjectKey key)
    {
        await SeesAsync();
        return await _services.GetRequiredService<CloneReconciler>().ReconcileAsync(key, CancellationToken.None);
    }

    public async Task<ReconcileResult> PoolAsync(ObjectKey key)
    {
        await SeesAsync();
        return await _services.GetRequiredService<PoolReconciler>().ReconcileAsync(key, CancellationToken.None);
    }

    /// <summary>Returns when the informers know everything that is in the namespace now.</summary>
    public async Task SeesAsync()
    {
        var (client, space) = (_space.Client, _space.Name);
        await SeesAsync(
            () => [.. Caches.Nodes.List().Where(n => n.Metadata.Name == _space.Node.Name)],
            async () => (await client.CoreV1.ListNodeAsync(fieldSelector: $"metadata.name={_space.Node.Name}")).Items,
            "the node is known");
        await SeesAsync(() => Caches.Pods.List(space), () => _space.PodsAsync(), "all pods are known");
        await SeesAsync(() => Caches.Clones.List(space), () => ListAsync<VMClone>(client, space, VMClone.Plural), "all clones are known");
        await SeesAsync(() => Caches.Pools.List(space), () => ListAsync<VMPool>(client, space, VMPool.Plural), "all pools are known");
        await SeesAsync(() => Caches.Templates.List(space), () => ListAsync<VMTemplate>(client, space, VMTemplate.Plural), "all templates are known");
    }

    /// <summary>Both controllers, until cancelled.</summary>
    public Task Run(CancellationToken cancellationToken)
    {
        var sources = new TriggerSources(Caches, _space.Node);
        return Task.WhenAll(_services.GetServices<Controller>().Select(c =>
            new ControllerRunner(c, sources, _parts.Metrics, TimeProvider.System, NullLogger.Instance).RunAsync(cancellationToken)));
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await _parts.DisposeAsync();
    }

    private static async Task<IList<T>> ListAsync<T>(k8s.Kubernetes client, string space, string plural)
        where T : IKubernetesObject =>
        (await client.CustomObjects.ListNamespacedCustomObjectAsync<ObjectList<T>>(Group.Name, Group.Version, space, plural)).Items;

    private static Task SeesAsync<T>(Func<IReadOnlyList<T>> known, Func<Task<IList<T>>> there, string what)
        where T : IKubernetesObject<V1ObjectMeta> => Eventually.UntilAsync(async () => Versions(await there()).SetEquals(Versions(known())), what);

    private static HashSet<(string, string)> Versions<T>(IEnumerable<T> items)
        where T : IKubernetesObject<V1ObjectMeta> => [.. items.Select(i => (i.Metadata.Uid, i.Metadata.ResourceVersion))];

    private sealed class ObjectList<T> : IKubernetesObject<V1ListMeta>, IItems<T>
        where T : IKubernetesObject
    {
        public string ApiVersion { get; set; } = "";

        public string Kind { get; set; } = "";

        public V1ListMeta Metadata { get; set; } = new();

        public IList<T> Items { get; set; } = [];
    }
}
