using k8s;
using k8s.Models;
using Microsoft.Extensions.Time.Testing;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.OperatorTests.Harness;
using Templating.Testing;
using Templating.V1;

namespace Templating.OperatorTests.Pods;

/// <summary>VM pods whose reference to their owner is gone, or leads nowhere.</summary>
public sealed class OrphanTests : ByHandTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task AWaitingVMOfAPoolThatWasMadeAgainIsAdopted()
    {
        var orphan = await OrphanMemberAsync();
        await Operator.OrphanAsync(orphan);
        await Space.CreatePoolAsync("pool", 1);

        await Operator.OrphanAsync(orphan);

        var pool = await ReconcilePoolAsync();
        Condition(pool, "Ready").ShouldBe(("True", "Full"));
        var pod = (await Space.PodsAsync()).ShouldHaveSingleItem("no other was made");
        pod.Metadata.OwnerReferences.ShouldHaveSingleItem().Uid.ShouldBe(pool.Metadata.Uid);
        Operator.Events.Told.ShouldContain(e => e.Reason == Reasons.Adopted && e.Name == orphan);
    }

    [Fact]
    public async Task AWaitingVMWithoutAPoolGoesAfterAWhile()
    {
        var orphan = await OrphanMemberAsync();
        (await Operator.OrphanAsync(orphan)).RequeueAfter.ShouldBe(Patience);
        Operator.Time.Advance(Patience - TimeSpan.FromSeconds(1));
        await Operator.OrphanAsync(orphan);
        (await PodAsync(orphan)).Metadata.DeletionTimestamp.ShouldBeNull();
        Operator.Time.Advance(TimeSpan.FromSeconds(1));

        await Operator.OrphanAsync(orphan);

        (await PodAsync(orphan)).Metadata.DeletionTimestamp.ShouldNotBeNull();
        Operator.Events.Told.ShouldContain(e => e.Reason == Reasons.OwnerGone && e.Name == orphan);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public async Task ThePatienceWithAnOrphanIsNotMovedByTheClock(int days)
    {
        var orphan = await OrphanMemberAsync();
        var clock = new SteppedClock(new FakeTimeProvider(TimeProvider.System.GetUtcNow()));
        await using var stepped = await OperatorByHand.StartAsync(Space, clock);
        (await stepped.OrphanAsync(orphan)).RequeueAfter.ShouldBe(Patience);

        clock.Step = TimeSpan.FromDays(days);

        (await stepped.OrphanAsync(orphan)).RequeueAfter.ShouldBe(Patience);
        (await PodAsync(orphan)).Metadata.DeletionTimestamp.ShouldBeNull();
    }

    [Fact]
    public async Task AWaitingVMOfAnotherTemplateGoesAtOnce()
    {
        var orphan = await OrphanMemberAsync();
        await Space.CreatePoolAsync("pool", 1, spec => spec.Template = "other");

        await Operator.OrphanAsync(orphan);

        (await PodAsync(orphan)).Metadata.DeletionTimestamp.ShouldNotBeNull();
    }

    [Fact]
    public async Task AVMThatIsSomebodysAlreadyIsGivenToNoPool()
    {
        var orphan = await OrphanMemberAsync();
        var vm = Space.Node(1).Pods.Single(p => p.PodName == orphan).Clone();
        vm.State = PodState.Ready;
        Space.Node(1).SetPod(vm);
        await Space.CreatePoolAsync("pool", 1);

        await Operator.OrphanAsync(orphan);

        (await PodAsync(orphan)).Metadata.DeletionTimestamp.ShouldNotBeNull();
    }

    [Fact]
    public async Task AVMCloneGetsItsPodBack()
    {
        var pod = await StartCloneAsync("one");
        await SetOwnersAsync(pod);

        await Operator.OrphanAsync(pod);

        var owner = (await PodAsync(pod)).Metadata.OwnerReferences.ShouldHaveSingleItem();
        (owner.Kind, owner.Uid, owner.Controller).ShouldBe((VMClone.KubeKind, (await Space.CloneAsync("one")).Metadata.Uid, true));
    }

    [Fact]
    public async Task APodOfAVMCloneThatIsGoneGoesThoughAnotherHasItsName()
    {
        var pod = await StartCloneAsync("one");
        await SetOwnersAsync(pod);
        await Space.DeleteAsync<VMClone>("one");
        await Space.CreateCloneAsync("one");
        await Operator.OrphanAsync(pod);
        (await PodAsync(pod)).Metadata.DeletionTimestamp.ShouldBeNull();
        Operator.Time.Advance(Patience);

        await Operator.OrphanAsync(pod);

        (await PodAsync(pod)).Metadata.DeletionTimestamp.ShouldNotBeNull();
    }

    [Fact]
    public async Task APodWhoseReferenceLeadsToAPoolThatIsGoneIsLeftToTheGarbageCollectorFirst()
    {
        await FillPoolAsync(1);
        var pod = (await Space.PodsAsync()).Single().Metadata.Name;
        await Space.DeleteAsync<VMPool>("pool");
        await Space.CreatePoolAsync("pool", 0);
        await Operator.OrphanAsync(pod);
        (await PodAsync(pod)).Metadata.DeletionTimestamp.ShouldBeNull();
        Operator.Time.Advance(Patience);

        await Operator.OrphanAsync(pod);

        (await PodAsync(pod)).Metadata.DeletionTimestamp.ShouldNotBeNull();
    }

    [Theory]
    [InlineData(Keys.ManagedByLabel, "somebody")]
    [InlineData(Keys.PoolLabel, null)]
    public async Task PodsThatAreNotOursAreLeftAlone(string label, string? value)
    {
        var orphan = await OrphanMemberAsync();
        await Space.PatchAsync<V1Pod>(orphan, new { metadata = new { labels = new Dictionary<string, string?> { [label] = value } } });

        (await Operator.OrphanAsync(orphan)).RequeueAfter.ShouldBeNull();
        Operator.Time.Advance(Patience + Patience);
        await Operator.OrphanAsync(orphan);

        (await PodAsync(orphan)).Metadata.DeletionTimestamp.ShouldBeNull();
    }

    [Fact]
    public async Task PodsOfAnotherControllerAreLeftAlone()
    {
        var orphan = await OrphanMemberAsync();
        await SetOwnersAsync(orphan, new V1OwnerReference { ApiVersion = "apps/v1", Kind = "ReplicaSet", Name = "web", Uid = "u", Controller = true });

        (await Operator.OrphanAsync(orphan)).RequeueAfter.ShouldBeNull();

        (await PodAsync(orphan)).Metadata.OwnerReferences.ShouldHaveSingleItem().Kind.ShouldBe("ReplicaSet");
    }

    [Fact]
    public async Task TheControllerSeesThemByItself()
    {
        var orphan = await OrphanMemberAsync();
        using var stop = new CancellationTokenSource();
        var running = Operator.Run(stop.Token);

        await Space.CreatePoolAsync("pool", 1);
        await Space.UntilAsync<V1Pod>(orphan, p => p!.Metadata.OwnerReferences?.Count == 1, "it is adopted");

        await stop.CancelAsync();
        await running;
    }

    /// <summary>As <c>kubectl delete vmpool pool --cascade=orphan</c> leaves it.</summary>
    private async Task<string> OrphanMemberAsync()
    {
        await FillPoolAsync(1);
        var pod = (await Space.PodsAsync()).Single().Metadata.Name;
        await SetOwnersAsync(pod);
        await Space.DeleteAsync<VMPool>("pool");
        return pod;
    }

    private Task<V1Pod> SetOwnersAsync(string pod, params V1OwnerReference[] owners) =>
        Space.PatchAsync<V1Pod>(pod, new { metadata = new { ownerReferences = owners } });

    private Task<V1Pod> PodAsync(string name) => Space.Client.CoreV1.ReadNamespacedPodAsync(name, Space.Name);
}
