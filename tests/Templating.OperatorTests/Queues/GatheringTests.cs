using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.Operator.Nodes;
using Templating.Operator.Queues;
using Templating.Operator.Reconcilers;
using Templating.OperatorTests.Cluster;
using Templating.OperatorTests.Harness;
using Templating.Testing;

namespace Templating.OperatorTests.Queues;

public sealed class GatheringTests
{
    [Fact]
    public async Task ChangesThatComeSoonAfterEachOtherAreOnePass()
    {
        var time = new FakeTimeProvider();
        await using var parts = await OperatorParts.SharedAsync();
        using var client = (await SharedCluster.GetAsync()).Client();
        var key = new ObjectKey(await Namespaces.CreateAsync(client), "a");
        var passes = new Passes();
        var controller = new Controller(passes, [new ObjectTrigger<VMPool>(pool => ObjectKey.Of(pool) == key ? [key] : [])], 1)
        {
            Gathers = TimeSpan.FromMilliseconds(200),
        };
        using var stop = new CancellationTokenSource();
        var running = new ControllerRunner(controller, new TriggerSources(parts.Caches, new SilentNodes()), parts.Metrics, time, NullLogger.Instance).RunAsync(stop.Token);

        await parts.Writer.CreateAsync(InformerTests.Pool(key.Namespace, key.Name), CancellationToken.None);
        foreach (var replicas in new[] { 2, 3, 4 })
        {
            await parts.Writer.PatchAsync<VMPool>(key, Patches.Of(new { spec = new { replicas } }), CancellationToken.None);
        }

        parts.Caches.Pools.Get(key)!.Spec.Replicas.ShouldBe(4, "each change has been told by then");
        passes.Begun.Reader.TryRead(out _).ShouldBeFalse();
        time.Advance(TimeSpan.FromMilliseconds(200));
        (await passes.Begun.Reader.ReadAsync().AsTask().WaitAsync(Eventually.Limit)).ShouldBe(key);
        passes.Begun.Reader.TryRead(out _).ShouldBeFalse();

        await parts.Writer.PatchAsync<VMPool>(key, Patches.Of(new { spec = new { replicas = 5 } }), CancellationToken.None);
        time.Advance(TimeSpan.FromMilliseconds(200));
        (await passes.Begun.Reader.ReadAsync().AsTask().WaitAsync(Eventually.Limit)).ShouldBe(key);
        await stop.CancelAsync();
        await running;
    }

    private sealed class Passes : IReconciler
    {
        public Channel<ObjectKey> Begun { get; } = Channel.CreateUnbounded<ObjectKey>();

        public string Name => "test";

        public Task<ReconcileResult> ReconcileAsync(ObjectKey key, CancellationToken cancellationToken)
        {
            Begun.Writer.TryWrite(key);
            return Task.FromResult(ReconcileResult.Done);
        }
    }

    private sealed class SilentNodes : INodeChanges, IDisposable
    {
        public IDisposable Subscribe(Action<NodeChange> changed) => this;

        public void Dispose()
        {
            // Nothing was taken.
        }
    }
}
