using k8s;
using k8s.Models;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.OperatorTests.Harness;
using Templating.V1;

namespace Templating.OperatorTests.Pools;

public sealed class PoolTests : ByHandTests
{
    [Fact]
    public async Task APoolFillsTellsSoAndScales()
    {
        await Space.CreatePoolAsync("pool", 3);
        await ReconcilePoolAsync();
        (await Space.PodsAsync()).Count.ShouldBe(3);
        await Space.StartPodsAsync();
        var pool = await ReconcilePoolAsync();
        Condition(pool, "Ready").ShouldBe(("True", "Full"));
        (pool.Status!.Replicas, pool.Status.ReadyReplicas, pool.Status.UpdatedReplicas, pool.Status.ClaimedReplicas).ShouldBe((3, 3, 3, 0));

        var scale = await Space.Client.CustomObjects.PatchNamespacedCustomObjectScaleAsync<V1Scale>(
            new V1Patch("""{"spec":{"replicas":1}}""", V1Patch.PatchType.MergePatch), Group.Name, Group.Version, Space.Name, VMPool.Plural, "pool");
        scale.Status.Selector.ShouldBe("templating.dev/pool=pool,!templating.dev/clone");
        await ReconcilePoolAsync();

        (await Space.PodsAsync()).Count(p => p.Metadata.DeletionTimestamp is null).ShouldBe(1);
        (await Space.Client.CoreV1.ListNamespacedPodAsync(Space.Name, labelSelector: scale.Status.Selector)).Items.Count.ShouldBe(3);
    }

    [Fact]
    public async Task WhoCanHaveAVmAtOnceIsNotKeptWaitingByWhoCannot()
    {
        await FillPoolAsync(1);
        await Space.CreateCloneAsync("warm", new VMCloneSpec { Pool = "pool" });
        await Space.CreateCloneAsync("cold", new VMCloneSpec { Template = TestSpace.Template });

        (await Operator.GoesFirstAsync("warm")).ShouldBeTrue("a VM waits in its pool");
        (await Operator.GoesFirstAsync("cold")).ShouldBeFalse("its pod is still to be made");
        await Operator.CloneAsync("warm");
        await Operator.CloneAsync("cold");
        await ReconcilePoolAsync();

        (await Operator.GoesFirstAsync("warm")).ShouldBeFalse("it has its VM");
        (await Operator.GoesFirstAsync("cold")).ShouldBeFalse("its pod is still to start");
        await Space.CreateCloneAsync("late", new VMCloneSpec { Pool = "pool" });
        (await Operator.GoesFirstAsync("late")).ShouldBeFalse("its pool is empty");

        await Space.StartPodsAsync();
        (await Operator.GoesFirstAsync("cold")).ShouldBeTrue("its VM waits for it");
    }

    [Fact]
    public async Task NothingIsMadeTwiceBeforeTheWatchTells()
    {
        await Space.CreatePoolAsync("pool", 5);
        await ReconcilePoolAsync();
        await ReconcilePoolAsync();

        (await Space.PodsAsync()).Count.ShouldBe(5);
    }

    [Fact]
    public async Task ClaimedMembersAreNeitherCountedNorDeleted()
    {
        await FillPoolAsync(2);
        await Space.CreateCloneAsync("one", new VMCloneSpec { Pool = "pool" });
        await Operator.CloneAsync("one");
        var claimed = (await Space.CloneAsync("one")).Status!.PodName;
        var pool = await ReconcilePoolAsync();
        pool.Status!.ClaimedReplicas.ShouldBe(1);
        (await Space.PodsAsync()).Count.ShouldBe(3);

        await Space.PatchAsync<VMPool>("pool", new { spec = new { replicas = 0 } });
        await ReconcilePoolAsync();

        (await Space.PodsAsync()).Where(p => p.Metadata.DeletionTimestamp is null).ShouldHaveSingleItem().Metadata.Name.ShouldBe(claimed);
    }

    [Fact]
    public async Task AMemberThatSomebodyClaimsAtThisMomentIsNotDeleted()
    {
        await FillPoolAsync(1);
        await Operator.SeesAsync();
        var known = Operator.Caches.Pods.List(Space.Name).ShouldHaveSingleItem();

        // Another operator's claim: this one has not heard of it.
        await Space.Client.CoreV1.PatchNamespacedPodAsync(
            new V1Patch(
                KubernetesJson.Serialize(new { metadata = new { labels = new Dictionary<string, string> { [Keys.CloneLabel] = "somebody" } } }),
                V1Patch.PatchType.MergePatch),
            known.Metadata.Name,
            Space.Name);
        var deleted = await Operator.Writer.DeleteUnchangedAsync(known, CancellationToken.None);

        deleted.ShouldBeFalse();
        (await Space.PodsAsync()).ShouldHaveSingleItem().Metadata.DeletionTimestamp.ShouldBeNull();
    }

    [Fact]
    public async Task ANewRevisionReplacesTheOldAndAlwaysOneWaits()
    {
        await FillPoolAsync(2);
        var revision = await Space.ChangeTemplateAsync("other");
        for (var pass = 0; pass < 10; pass++)
        {
            await ReconcilePoolAsync();
            await RemoveDeletedAsync();
            (await WaitingAsync()).Count.ShouldBeGreaterThanOrEqualTo(2);
            await Space.StartPodsAsync();
        }

        var waiting = await WaitingAsync();
        waiting.Count.ShouldBe(2);
        waiting.ShouldAllBe(p => p.Metadata.Labels[Keys.RevisionLabel] == revision);
        (await Space.PoolAsync("pool")).Status!.UpdatedReplicas.ShouldBe(2);
    }

    [Fact]
    public async Task WithOnUseTheOldOnesStay()
    {
        await Space.CreatePoolAsync("pool", 1, spec => spec.UpdateStrategy = "OnUse");
        await ReconcilePoolAsync();
        await Space.StartPodsAsync();
        await Space.ChangeTemplateAsync("other");

        var pool = await ReconcilePoolAsync();

        (await Space.PodsAsync()).ShouldHaveSingleItem().Metadata.DeletionTimestamp.ShouldBeNull();
        pool.Status!.UpdatedReplicas.ShouldBe(0);
    }

    [Fact]
    public async Task FailedMembersAreRemadeAfterAPause()
    {
        await FillPoolAsync(1);
        var failed = (await Space.PodsAsync()).Single().Metadata.Name;
        await Space.Kubelet.EndAsync(failed, 1, "Error", "no room");

        await Operator.SeesAsync();
        var result = await Operator.PoolAsync("pool");
        result.RequeueAfter.ShouldNotBeNull();
        await Space.Kubelet.RemoveAsync(failed);
        await ReconcilePoolAsync();
        (await Space.PodsAsync()).ShouldBeEmpty();
        Operator.Time.Advance(TimeSpan.FromSeconds(2));
        await ReconcilePoolAsync();

        (await Space.PodsAsync()).ShouldHaveSingleItem();
        Operator.Events.Told.ShouldContain(e => e.Reason == "MemberFailed" && e.Message.Contains("no room", StringComparison.Ordinal));
    }

    [Fact]
    public async Task MembersOfANodeThatIsGoneAreReplaced()
    {
        await FillPoolAsync(1);
        var lost = (await Space.PodsAsync()).Single().Metadata.Uid;
        await Space.Client.CoreV1.DeleteNodeAsync(Space.Node(1).Name);
        await ReconcilePoolAsync();
        Operator.Time.Advance(TimeSpan.FromSeconds(61));
        await ReconcilePoolAsync();
        await ReconcilePoolAsync();

        (await Space.PodsAsync()).ShouldHaveSingleItem().Metadata.Uid.ShouldNotBe(lost);
    }

    [Fact]
    public async Task WithoutItsTemplateItSaysSo()
    {
        await Space.CreatePoolAsync("pool", 1, spec => spec.Template = "none");

        var pool = await ReconcilePoolAsync();

        Condition(pool, "TemplateReady").ShouldBe(("False", "TemplateNotFound"));
        (await Space.PodsAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task APoolThatIsNotEmptyIsLeftAsItIsWhileAVmCloneBeginsAndThenFilledForAllThatWereTaken()
    {
        await using var operators = await OperatorByHand.StartAsync(Space, refillDelay: TimeSpan.FromSeconds(1));
        await FillPoolAsync(3);
        var before = (await Space.PoolAsync("pool")).Metadata.ResourceVersion;
        await Space.CreateCloneAsync("one", new VMCloneSpec { Pool = "pool" });
        await operators.CloneAsync("one");
        operators.Time.Advance(TimeSpan.FromSeconds(0.6));
        await Space.CreateCloneAsync("two", new VMCloneSpec { Pool = "pool" });
        await operators.CloneAsync("two");

        (await operators.PoolAsync("pool")).RequeueAfter.ShouldNotBeNull().ShouldBe(TimeSpan.FromSeconds(0.4), TimeSpan.FromMilliseconds(1));
        (await Space.PodsAsync()).Count.ShouldBe(3);
        (await Space.PoolAsync("pool")).Metadata.ResourceVersion.ShouldBe(before);

        operators.Time.Advance(TimeSpan.FromSeconds(0.4));
        await operators.PoolAsync("pool");
        (await Space.PodsAsync()).Count.ShouldBe(5);
    }

    [Fact]
    public async Task APoolWhoseLastVmWasTakenIsFilledAtOnce()
    {
        await using var operators = await OperatorByHand.StartAsync(Space, refillDelay: TimeSpan.FromSeconds(1));
        await FillPoolAsync(1);
        await Space.CreateCloneAsync("one", new VMCloneSpec { Pool = "pool" });
        await operators.CloneAsync("one");

        await operators.PoolAsync("pool");

        (await Space.PodsAsync()).Count.ShouldBe(2);
    }

    [Fact]
    public async Task WhatIsTakenOfAFullPoolAndMadeAgainIsWrittenOfThePoolOnce()
    {
        await using var operators = await OperatorByHand.StartAsync(Space, statusDelay: TimeSpan.FromSeconds(3));
        await FillPoolAsync(2);
        var before = (await Space.PoolAsync("pool")).Metadata.ResourceVersion;
        await Space.CreateCloneAsync("one", new VMCloneSpec { Pool = "pool" });
        await operators.CloneAsync("one");
        await operators.PoolAsync("pool");
        operators.Time.Advance(TimeSpan.FromSeconds(1));
        await Space.StartPodsAsync();

        (await operators.PoolAsync("pool")).RequeueAfter.ShouldNotBeNull().ShouldBe(TimeSpan.FromSeconds(2), TimeSpan.FromMilliseconds(1));
        (await Space.PoolAsync("pool")).Metadata.ResourceVersion.ShouldBe(before);

        operators.Time.Advance(TimeSpan.FromSeconds(2));
        (await operators.PoolAsync("pool")).RequeueAfter.ShouldBeNull();
        var pool = await Space.PoolAsync("pool");
        (pool.Status!.ReadyReplicas, pool.Status.ClaimedReplicas).ShouldBe((2, 1));
        operators.Events.Told.ShouldBeEmpty("a pool that is full again is no news");
    }

    [Fact]
    public async Task APoolThatIsNotFullAgainInTimeSaysSo()
    {
        await using var operators = await OperatorByHand.StartAsync(Space, statusDelay: TimeSpan.FromSeconds(3));
        await FillPoolAsync(2);
        await Space.CreateCloneAsync("one", new VMCloneSpec { Pool = "pool" });
        await operators.CloneAsync("one");
        await operators.PoolAsync("pool");
        operators.Time.Advance(TimeSpan.FromSeconds(3));

        await operators.PoolAsync("pool");

        var pool = await Space.PoolAsync("pool");
        Condition(pool, "Ready").ShouldBe(("False", "Filling"));
        (pool.Status!.ReadyReplicas, pool.Status.StartingReplicas).ShouldBe((1, 1));
        await Space.StartPodsAsync();
        await operators.PoolAsync("pool");
        Condition(await Space.PoolAsync("pool"), "Ready").ShouldBe(("True", "Full"), "that is news, and does not wait");
    }

    [Fact]
    public async Task WhatStandsInTheWayOfAPoolIsToldAtOnce()
    {
        await using var operators = await OperatorByHand.StartAsync(Space, statusDelay: TimeSpan.FromSeconds(3));
        await FillPoolAsync(2);
        await using var webhook = await RefusingWebhook.StartAsync(Space, "no pods here", "CREATE pods");
        await Space.CreateCloneAsync("one", new VMCloneSpec { Pool = "pool" });
        await operators.CloneAsync("one");

        await operators.PoolAsync("pool");

        Condition(await Space.PoolAsync("pool"), "Ready").ShouldBe(("False", "CreateFailed"));
    }

    [Fact]
    public async Task AVmCloneOvertakesNoneWhenTheLastVmWasTakenThoughThePoolsStatusIsBehind()
    {
        await using var operators = await OperatorByHand.StartAsync(Space, statusDelay: TimeSpan.FromSeconds(3));
        await FillPoolAsync(1);
        await operators.PoolAsync("pool");
        await Space.CreateCloneAsync("one", new VMCloneSpec { Pool = "pool" });
        await Space.CreateCloneAsync("two", new VMCloneSpec { Pool = "pool" });
        (await operators.GoesFirstAsync("two")).ShouldBeTrue();

        await operators.CloneAsync("one");
        await operators.PoolAsync("pool");

        (await Space.PoolAsync("pool")).Status!.ReadyReplicas.ShouldBe(1);
        (await operators.GoesFirstAsync("two")).ShouldBeFalse();
    }

    private async Task RemoveDeletedAsync()
    {
        foreach (var pod in (await Space.PodsAsync()).Where(p => p.Metadata.DeletionTimestamp is not null))
        {
            await Space.Kubelet.RemoveAsync(pod.Metadata.Name);
        }
    }

    private async Task<List<V1Pod>> WaitingAsync() =>
        [.. (await Space.PodsAsync()).Where(p => p.Metadata.DeletionTimestamp is null && Space.Node(1).FindPod(p.Metadata.Uid)?.State == PodState.Waiting)];
}
