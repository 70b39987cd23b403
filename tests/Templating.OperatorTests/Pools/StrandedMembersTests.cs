using Templating.OperatorTests.Harness;

namespace Templating.OperatorTests.Pools;

/// <summary>A pool's VMs on a node whose daemon has gone.</summary>
public sealed class StrandedMembersTests : ByHandTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(31);

    [Fact]
    public async Task AMemberThatDoesNotStartIsMadeAgain()
    {
        await Space.CreatePoolAsync("pool", 1);
        await ReconcilePoolAsync();
        var stranded = (await Space.PodsAsync()).Single().Metadata;
        await Space.Kubelet.StrandAsync(stranded.Name, Space.Node(1).Name);
        await Space.RemoveDaemonAsync(1);
        await ReconcilePoolAsync();
        (await Space.PodsAsync()).ShouldHaveSingleItem().Metadata.Uid.ShouldBe(stranded.Uid);
        Operator.Time.Advance(Patience);

        await ReconcilePoolAsync();

        (await Space.PodsAsync()).ShouldHaveSingleItem().Metadata.Uid.ShouldNotBe(stranded.Uid);
    }

    [Fact]
    public async Task AWaitingMemberNobodyCanClaimIsNotCountedAndCountsAgainWithItsDaemon()
    {
        await FillPoolAsync(1);
        var waiting = (await Space.PodsAsync()).Single().Metadata.Uid;
        await Space.RemoveDaemonAsync(1);
        await ReconcilePoolAsync();
        Operator.Time.Advance(Patience);

        var pool = await ReconcilePoolAsync();
        pool.Status!.ReadyReplicas.ShouldBe(0);
        (await Space.PodsAsync()).Count.ShouldBe(2, "another is made");
        await Space.AddDaemonAsync(1);
        await ReconcilePoolAsync();

        (await Space.PodsAsync()).Where(p => p.Metadata.DeletionTimestamp is null).ShouldHaveSingleItem("the one that does not wait goes").Metadata.Uid.ShouldBe(waiting);
    }

    [Fact]
    public async Task AWaitingMemberWhoseDaemonDoesNotComeBackGoes()
    {
        await FillPoolAsync(1);
        var waiting = (await Space.PodsAsync()).Single().Metadata.Uid;
        await Space.RemoveDaemonAsync(1);
        await ReconcilePoolAsync();
        Operator.Time.Advance(TimeSpan.FromMinutes(10));

        await ReconcilePoolAsync();

        (await Space.PodsAsync()).Single(p => p.Metadata.Uid == waiting).Metadata.DeletionTimestamp.ShouldNotBeNull();
    }
}
