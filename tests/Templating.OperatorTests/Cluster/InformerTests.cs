using System.Text.Json;
using k8s;
using k8s.Models;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.OperatorTests.Harness;
using Templating.Testing;
using Templating.Testing.Kubernetes;
using ApiConnection = Templating.Kubernetes.Calls.ApiConnection;

namespace Templating.OperatorTests.Cluster;

/// <summary>Against a server that is stopped and whose history is taken away, so not the shared one.</summary>
public sealed class InformerTests : IAsyncLifetime
{
    private ApiServer _server = null!;

    public async Task InitializeAsync()
    {
        _server = await ApiServer.StartAsync();
        await Definitions.ApplyAsync(_server);
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task ItKeepsUpThroughRestartsAndACompactedHistory()
    {
        await using var parts = new OperatorParts(_server.Configuration());
        await parts.Caches.WaitForSyncAsync(CancellationToken.None).WaitAsync(Eventually.Limit);
        using var client = _server.Client();
        var space = await Namespaces.CreateAsync(client);
        var deleted = new System.Collections.Concurrent.ConcurrentQueue<string>();
        using var subscription = parts.Caches.Pools.Subscribe((before, after) =>
        {
            if (after is null)
            {
                deleted.Enqueue(before!.Metadata.Name);
            }
        });

        await parts.Writer.CreateAsync(Pool(space, "stays"), CancellationToken.None);
        await parts.Writer.CreateAsync(Pool(space, "goes"), CancellationToken.None);
        await Eventually.UntilAsync(() => parts.Caches.Pools.Count == 2, "both pools are known");

        // The informer's connection is away while things change, and when it is back the history is gone.
        await _server.StopServerAsync();
        _server.StartServer();
        await _server.WaitReadyAsync();
        var others = new ClusterApi(ApiConnection.Of(client), TimeProvider.System);
        var pools = ResourceType.Of<VMPool>();
        await others.SendAsync<JsonElement>(HttpMethod.Delete, pools.Item(new(space, "goes")), null, null, CancellationToken.None);
        await others.SendAsync<VMPool>(HttpMethod.Post, pools.Collection(space), KubernetesJson.Serialize(Pool(space, "comes")), null, CancellationToken.None);

        await Eventually.UntilAsync(() => Names(parts).SequenceEqual(["comes", "stays"]), "the change after the restart is known");
        deleted.ShouldContain("goes");

        await _server.CompactAsync();
        await _server.RestartAsync();
        await parts.Writer.CreateAsync(Pool(space, "last"), CancellationToken.None);
        await Eventually.UntilAsync(() => Names(parts).SequenceEqual(["comes", "last", "stays"]), "the change after the compaction is known");
    }

    internal static VMPool Pool(string space, string name) => new()
    {
        Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = space },
        Spec = new VMPoolSpec { Template = "web" },
    };

    private static IEnumerable<string> Names(OperatorParts parts) =>
        parts.Caches.Pools.List().Select(pool => pool.Metadata.Name).Order(StringComparer.Ordinal);
}
