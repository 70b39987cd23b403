using k8s;
using k8s.Models;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.OperatorTests.Standins;
using Templating.V1;

namespace Templating.OperatorTests.Pools;

/// <summary>Each test calls the reconciler itself, so that every step is seen.</summary>
[Collection(VmServer.Collection)]
public sealed class PoolTests(VmServer server) : IAsyncLifetime
{
    private VmNamespace _space = null!;
    private VmOperator _operator = null!;

    public async Task InitializeAsync()
    {
        _space = await VmNamespace.CreateAsync(server);
        _operator = await VmOperator.StartAsync(_space);
    }

    public async Task DisposeAsync()
    {
        await _operator.DisposeAsync();
        await _space.DisposeAsync();
    }

    [Fact]
    public async Task APoolFillsTellsSoAndScales()
    {
        await _space.CreateAsync(_space.Pool("pool", 3));
        await ReconcileAsync();
        (await _space.PodsAsync()).Count.ShouldBe(3);
        await _space.StartPodsAsync();
        var pool = await ReconcileAsync();
        Condition(pool, "Ready").ShouldBe(("True", "Full"));
        (pool.Status!.Replicas, pool.Status.ReadyReplicas, pool.Status.UpdatedReplicas, pool.Status.ClaimedReplicas).ShouldBe((3, 3, 3, 0));

        var scale = await _space.Client.CustomObjects.PatchNamespacedCustomObjectScaleAsync<V1Scale>(
            new V1Patch("""{"spec":{"replicas":1}}""", V1Patch.PatchType.MergePatch), Group.Name, Group.Version, _space.Name, VMPool.Plural, "pool");
        scale.Status.Selector.ShouldBe("templating.dev/pool=pool,!templating.dev/clone");
        await ReconcileAsync();

        (await _space.PodsAsync()).Count(p => p.Metadata.DeletionTimestamp is null).ShouldBe(1);
        (await _space.Client.CoreV1.ListNamespacedPodAsync(_space.Name, labelSelector: scale.Status.Selector)).Items.Count.ShouldBe(3);
    }

    [Fact]
    public async Task NothingIsMadeTwiceBeforeTheWatchTells()
    {
        await _space.CreateAsync(_space.Pool("pool", 5));
        await ReconcileAsync();
        await ReconcileAsync();

        (await _space.PodsAsync()).Count.ShouldBe(5);
    }

    [Fact]
    public async Task ClaimedMembersAreNeitherCountedNorDeleted()
    {
        await FillAsync(2);
        await _space.CreateAsync(_space.Clone("one", new VMCloneSpec { Pool = "pool" }));
        await _operator.CloneAsync(_space.Key("one"));
        var claimed = (await _space.GetCloneAsync("one")).Status!.PodName;
        var pool = await ReconcileAsync();
        pool.Status!.ClaimedReplicas.ShouldBe(1);
        (await _space.PodsAsync()).Count.ShouldBe(3);

        await _space.PatchAsync(VMPool.Plural, "pool", new { spec = new { replicas = 0 } });
        await ReconcileAsync();

        (await _space.PodsAsync()).Where(p => p.Metadata.DeletionTimestamp is null).ShouldHaveSingleItem().Metadata.Name.ShouldBe(claimed);
    }

    [Fact]
    public async Task AMemberThatSomebodyClaimsAtThisMomentIsNotDeleted()
    {
        await FillAsync(1);
        await _operator.SeesAsync();
        var known = _operator.Caches.Pods.List(_space.Name).ShouldHaveSingleItem();

        // Another operator's claim: this one has not heard of it.
        await _space.Client.CoreV1.PatchNamespacedPodAsync(
            new V1Patch(
                KubernetesJson.Serialize(new { metadata = new { labels = new Dictionary<string, string> { [Keys.CloneLabel] = "somebody" } } }),
                V1Patch.PatchType.MergePatch),
            known.Metadata.Name,
            _space.Name);
        var deleted = await _operator.Writer.DeleteUnchangedAsync(known, CancellationToken.None);

        deleted.ShouldBeFalse();
        (await _space.PodsAsync()).ShouldHaveSingleItem().Metadata.DeletionTimestamp.ShouldBeNull();
    }

    [Fact]
    public async Task ANewRevisionReplacesTheOldAndAlwaysOneWaits()
    {
        await FillAsync(2);
        var revision = await _space.ChangeTemplateAsync("/guest/other");
        for (var pass = 0; pass < 10; pass++)
        {
            await ReconcileAsync();
            await RemoveDeletedAsync();
            (await WaitingAsync()).Count.ShouldBeGreaterThanOrEqualTo(2);
            await _space.StartPodsAsync();
        }

        var waiting = await WaitingAsync();
        waiting.Count.ShouldBe(2);
        waiting.ShouldAllBe(p => p.Metadata.Labels[Keys.RevisionLabel] == revision);
        (await _space.GetPoolAsync("pool")).Status!.UpdatedReplicas.ShouldBe(2);
    }

    [Fact]
    public async Task WithOnUseTheOldOnesStay()
    {
        var pool = _space.Pool("pool", 1);
        pool.Spec.UpdateStrategy = "OnUse";
        await _space.CreateAsync(pool);
        await ReconcileAsync();
        await _space.StartPodsAsync();
        await _space.ChangeTemplateAsync("/guest/other");

        pool = await ReconcileAsync();

        (await _space.PodsAsync()).ShouldHaveSingleItem().Metadata.DeletionTimestamp.ShouldBeNull();
        pool.Status!.UpdatedReplicas.ShouldBe(0);
    }

    [Fact]
    public async Task FailedMembersAreRemadeAfterAPause()
    {
        await FillAsync(1);
        var failed = (await _space.PodsAsync()).Single().Metadata.Name;
        await _space.Kubelet.EndAsync(failed, 1, "Error", "no room");

        await _operator.SeesAsync();
        var result = await _operator.PoolAsync(_space.Key("pool"));
        result.RequeueAfter.ShouldNotBeNull();
        await _space.Kubelet.RemoveAsync(failed);
        await ReconcileAsync();
        (await _space.PodsAsync()).ShouldBeEmpty();
        _operator.Time.Advance(TimeSpan.FromSeconds(2));
        await ReconcileAsync();

        (await _space.PodsAsync()).ShouldHaveSingleItem();
        _operator.Events.Told.ShouldContain(e => e.Reason == "MemberFailed" && e.Message.Contains("no room", StringComparison.Ordinal));
    }

    [Fact]
    public async Task MembersOfANodeThatIsGoneAreReplaced()
    {
        await FillAsync(1);
        var lost = (await _space.PodsAsync()).Single().Metadata.Uid;
        await _space.Client.CoreV1.DeleteNodeAsync(_space.Node.Name);
        await ReconcileAsync();
        _operator.Time.Advance(TimeSpan.FromSeconds(61));
        await ReconcileAsync();
        await ReconcileAsync();

        (await _space.PodsAsync()).ShouldHaveSingleItem().Metadata.Uid.ShouldNotBe(lost);
    }

    [Fact]
    public async Task WithoutItsTemplateItSaysSo()
    {
        var pool = _space.Pool("pool", 1);
        pool.Spec.Template = "none";
        await _space.CreateAsync(pool);

        pool = await ReconcileAsync();

        Condition(pool, "TemplateReady").ShouldBe(("False", "TemplateNotFound"));
        (await _space.PodsAsync()).ShouldBeEmpty();
    }

    private async Task FillAsync(int replicas)
    {
        await _space.CreateAsync(_space.Pool("pool", replicas));
        await ReconcileAsync();
        await _space.StartPodsAsync();
        Condition(await ReconcileAsync(), "Ready").Status.ShouldBe("True");
    }

    private async Task RemoveDeletedAsync()
    {
        foreach (var pod in (await _space.PodsAsync()).Where(p => p.Metadata.DeletionTimestamp is not null))
        {
            await _space.Kubelet.RemoveAsync(pod.Metadata.Name);
        }
    }

    private async Task<List<V1Pod>> WaitingAsync() =>
        [.. (await _space.PodsAsync()).Where(p => p.Metadata.DeletionTimestamp is null && _space.Node.FindPod(p.Metadata.Uid)?.State == PodState.Waiting)];

    private async Task<VMPool> ReconcileAsync()
    {
        await _operator.PoolAsync(_space.Key("pool"));
        return await _space.GetPoolAsync("pool");
    }

    private static (string Status, string Reason) Condition(VMPool pool, string type)
    {
        var condition = pool.Status?.Conditions?.Find(c => c.Type == type);
        return (condition?.Status ?? "none", condition?.Reason ?? "");
    }
}
