using System.Text.Json.Nodes;
using k8s.Autorest;
using k8s.Models;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.OperatorTests.Harness;
using Templating.Testing;

namespace Templating.OperatorTests.Cluster;

public sealed class WriterTests
{
    [Fact]
    public async Task WhatItWroteIsInTheCacheAtOnce()
    {
        await using var parts = await OperatorParts.SharedAsync();
        using var client = (await SharedCluster.GetAsync()).Client();
        var space = await Namespaces.CreateAsync(client);

        var written = await parts.Writer.CreateAsync(InformerTests.Pool(space, "a"), CancellationToken.None);

        var known = parts.Caches.Pools.Get(new(space, "a")).ShouldNotBeNull();
        known.Metadata.Uid.ShouldBe(written.Metadata.Uid);
        known.Spec.Replicas.ShouldBe(1, "the schema's default");
        parts.Caches.Pools.Find(Indexes.Template, $"{space}/web").ShouldHaveSingleItem();
    }

    [Fact]
    public async Task AStatusThatIsThereAlreadyIsNotWrittenAgain()
    {
        await using var parts = await OperatorParts.SharedAsync();
        using var client = (await SharedCluster.GetAsync()).Client();
        var space = await Namespaces.CreateAsync(client);
        var pool = await parts.Writer.CreateAsync(InformerTests.Pool(space, "a"), CancellationToken.None);
        VMPoolStatus Status(int replicas) => new()
        {
            Replicas = replicas,
            Selector = "",
            Conditions = [new V1Condition { Type = "Ready", Status = "True", Reason = "Ready", Message = "It is.", LastTransitionTime = new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc) }],
        };

        var first = await parts.Writer.ApplyStatusAsync(pool, Status(1), CancellationToken.None);
        var same = await parts.Writer.ApplyStatusAsync(first, Status(1), CancellationToken.None);
        var changed = await parts.Writer.ApplyStatusAsync(same, Status(2), CancellationToken.None);

        same.Metadata.ResourceVersion.ShouldBe(first.Metadata.ResourceVersion);
        changed.Metadata.ResourceVersion.ShouldNotBe(first.Metadata.ResourceVersion);
        changed.Status!.Replicas.ShouldBe(2);
        changed.Metadata.Generation.ShouldBe(pool.Metadata.Generation);
    }

    [Fact]
    public async Task OfTwoWritersWithAPreconditionOneIsRefused()
    {
        await using var parts = await OperatorParts.SharedAsync();
        using var client = (await SharedCluster.GetAsync()).Client();
        var space = await Namespaces.CreateAsync(client);
        var pool = await parts.Writer.CreateAsync(InformerTests.Pool(space, "a"), CancellationToken.None);
        JsonObject Patch(string by) => Patches.Of(new { metadata = new { resourceVersion = pool.Metadata.ResourceVersion, labels = new { by } } });

        var outcomes = await Task.WhenAll(new[] { "one", "two" }.Select(async by =>
        {
            try
            {
                await parts.Writer.PatchAsync<VMPool>(new(space, "a"), Patch(by), CancellationToken.None);
                return ClusterErrorKind.None;
            }
            catch (HttpOperationException e)
            {
                return ClusterErrors.KindOf(e);
            }
        }));

        outcomes.Order().ShouldBe([ClusterErrorKind.None, ClusterErrorKind.Conflict]);
    }

    [Fact]
    public async Task ANullOfAPatchTakesTheFieldAway()
    {
        await using var parts = await OperatorParts.SharedAsync();
        using var client = (await SharedCluster.GetAsync()).Client();
        var space = await Namespaces.CreateAsync(client);
        var pool = InformerTests.Pool(space, "a");
        pool.Metadata.Labels = new Dictionary<string, string>(StringComparer.Ordinal) { ["keep"] = "1", ["drop"] = "1" };
        await parts.Writer.CreateAsync(pool, CancellationToken.None);

        var patched = await parts.Writer.PatchAsync<VMPool>(
            new(space, "a"), new JsonObject { ["metadata"] = new JsonObject { ["labels"] = MergePatch.Map([KeyValuePair.Create("drop", (string?)null)]) } }, CancellationToken.None);

        patched.Metadata.Labels.Keys.ShouldBe(["keep"]);
    }

    [Fact]
    public async Task ADeleteIsOnlyOfTheOneItMeans()
    {
        await using var parts = await OperatorParts.SharedAsync();
        using var client = (await SharedCluster.GetAsync()).Client();
        var space = await Namespaces.CreateAsync(client);
        var pool = await parts.Writer.CreateAsync(InformerTests.Pool(space, "a"), CancellationToken.None);

        await parts.Writer.DeleteAsync<VMPool>(new(space, "a"), Guid.NewGuid().ToString(), null, CancellationToken.None);
        (await parts.Api.GetAsync<VMPool>(new(space, "a"), CancellationToken.None)).ShouldNotBeNull();

        await parts.Writer.DeleteAsync<VMPool>(new(space, "a"), pool.Metadata.Uid, null, CancellationToken.None);
        await parts.Writer.DeleteAsync<VMPool>(new(space, "a"), pool.Metadata.Uid, null, CancellationToken.None);
        (await parts.Api.GetAsync<VMPool>(new(space, "a"), CancellationToken.None)).ShouldBeNull();
        await Eventually.UntilAsync(() => parts.Caches.Pools.Get(new(space, "a")) is null, "the cache knows that it is gone");
    }

    [Fact]
    public async Task AnEventIsToldOnceAMinute()
    {
        await using var parts = await OperatorParts.SharedAsync();
        using var client = (await SharedCluster.GetAsync()).Client();
        var space = await Namespaces.CreateAsync(client);
        var pool = await parts.Writer.CreateAsync(InformerTests.Pool(space, "a"), CancellationToken.None);

        parts.Events.Normal(pool, "First", "Something happened.");
        parts.Events.Normal(pool, "First", "Something happened.");
        parts.Events.Warning(pool, "Second", "Something else happened.");

        IList<Corev1Event> events = [];
        await Eventually.UntilAsync(async () => (events = (await k8s.CoreV1OperationsExtensions.ListNamespacedEventAsync(client.CoreV1, space)).Items).Any(e => e.Reason == "Second"), "the last event is there");
        events.Count(e => e.Reason == "First").ShouldBe(1);
        events.ShouldAllBe(e => e.InvolvedObject.Uid == pool.Metadata.Uid && e.InvolvedObject.Kind == "VMPool");
    }
}
