using Templating.Contract;
using Templating.Core.Diagnostics;
using Templating.Core.Errors;
using Templating.Core.Names;
using Templating.Core.Pools;
using Templating.Testing;

namespace Templating.UnitTests.Pools;

/// <summary>How a pool comes to what is asked of it, and what keeps it from that.</summary>
public sealed class PoolManagerTests : PoolTest
{
    public PoolManagerTests()
        : base(vms: 4)
    {
    }

    [Fact]
    public async Task APoolIsFilledOneAtATimeAndMadeSmallerWhenLessIsAsked()
    {
        var (most, now) = (0, 0);
        Node.Vmm.OnStep = async (step, _, token) =>
        {
            if (step == "prepare")
            {
                most = Math.Max(most, Interlocked.Increment(ref now));
                await Task.Yield();
                Interlocked.Decrement(ref now);
            }
        };
        Set(restored: 2, prepared: 1);
        await WaitAsync(restored: 2, prepared: 1);

        Set(restored: 1);
        await WaitAsync(restored: 1);

        most.ShouldBe(1);
        await Eventually.UntilAsync(() => Living == 1, "one lives");
        Node.Capacity.View.ChargedBytes.ShouldBe(VmMiB << 20);
        Node.RunFolders.ShouldHaveSingleItem();
    }

    [Fact]
    public void WhoSetsAPoolIsToldOfWhatIsAskedNowWhateverWasBefore()
    {
        Set(restored: 4).WantedRestored.ShouldBe(4);
        Set(restored: 1).WantedRestored.ShouldBe(1);
        Set(restored: 0).WantedRestored.ShouldBe(0);
    }

    [Fact]
    public async Task APoolLargerThanTheBudgetIsFilledAsFarAsThatGoesAndSaysWhy()
    {
        Set(restored: 10);

        var pool = await SeeAsync(p => p.Vms.Count == 4 && p.Problem == PoolProblem.BudgetFull, "it is as full as the budget");

        pool.ProblemText.ShouldContain("budget");
        pool.Failures.ShouldBe(0);
    }

    [Fact]
    public async Task ACloneThatFindsTheBudgetFullOfItsTenantsOwnVmsEndsOne()
    {
        // Nothing it could take: they are of another template.
        await Node.BuildAsync(name: "other");
        Set(restored: 10);
        await SeeAsync(p => p.Vms.Count == 4, "the budget is full");

        var clone = await CreateAsync("one", r => r with { Template = new TemplateName("a", "other") });

        clone.ReadyAt.ShouldNotBeNull();
        // It is said by the step after the clone took the room.
        await SeeAsync(p => p.Vms.Count == 3 && p.Starting == 0 && p.Problem == PoolProblem.BudgetFull, "one has gone, and it says that there is no room");
    }

    [Fact]
    public async Task AnotherTenantsCloneIsRefusedWhereTheBudgetIsFullOfVmsThatWait()
    {
        Set(restored: 3);
        await WaitAsync(restored: 3);
        await Node.BuildAsync("b");
        Set(restored: 10);
        await SeeAsync(p => p.Vms.Count == 4, "the budget is full");

        (await Should.ThrowAsync<TemplatingException>(() => CreateAsync(tenant: "b"))).Code.ShouldBe(ErrorCode.NodeMemoryExhausted);

        Node.Pools.Get(Web).Vms.Count.ShouldBe(4);
    }

    [Fact]
    public async Task ANewRevisionEndsTheVmsOfTheOldOneBeforeItsBuildIsDone()
    {
        Set(restored: 2);
        var old = (await WaitAsync(restored: 2)).Vms[0].Revision;

        var built = await Node.Templates.CreateAsync(
            Node.Request() with { Spec = Node.Request().Spec with { Network = new(false, [new(80)]) }, RevisionHistoryLimit = 0 }, null, CancellationToken.None);

        built.Name.ShouldNotBe(old);
        Node.Templates.List("a").ShouldHaveSingleItem().Name.ShouldBe(built.Name, "no VM that waits keeps an old revision");
        (await SeeAsync(p => p.Vms.Count == 2 && p.Starting == 0, "it is full again")).Vms.ShouldAllBe(vm => vm.Revision == built.Name);
    }

    [Fact]
    public async Task APoolOfAFixedRevisionKeepsIt()
    {
        var old = Node.Templates.Get(new TemplateName("a", "t"), null).Name;
        Set(restored: 1, revision: old.Revision);
        await WaitAsync(restored: 1);

        await Node.Templates.CreateAsync(
            Node.Request() with { Spec = Node.Request().Spec with { Network = new(false, [new(80)]) }, RevisionHistoryLimit = 0 }, null, CancellationToken.None);

        (await WaitAsync(restored: 1)).Revision.ShouldBe(old);
        Node.Templates.List("a").Count.ShouldBe(2);
        Phases(await CreateAsync(change: r => r with { Revision = old.Revision })).ShouldBe("take resume identity");
    }

    [Fact]
    public async Task ATemplateThatIsDeletedEndsItsVmsAndThePoolSaysThatThereIsNone()
    {
        Set(restored: 2);
        await WaitAsync(restored: 2);
        Node.Templates.Get(new TemplateName("a", "t"), null).Clones.ShouldBe(0);

        await Node.Templates.DeleteAsync(new TemplateName("a", "t"), null, force: false, CancellationToken.None);

        Living.ShouldBe(0);
        Node.Capacity.View.ChargedBytes.ShouldBe(0);
        (await SeeAsync(p => p.Problem == PoolProblem.TemplateMissing, "it says so")).Vms.ShouldBeEmpty();
        await Node.BuildAsync();
        await WaitAsync(restored: 2);
    }

    [Fact]
    public async Task ATemplateOfAnotherQemuEndsItsVmsAndThePoolSaysWhy()
    {
        Set(restored: 1);
        await WaitAsync(restored: 1);

        Node.Vmm.Info = Node.Vmm.Info with { Version = "99.0" };

        (await SeeAsync(p => p.Problem == PoolProblem.TemplateStale && p.Vms.Count == 0, "it is drained")).ProblemText.ShouldContain("99.0");
        await Eventually.UntilAsync(() => Living == 0, "none lives");
    }

    [Fact]
    public async Task StartsThatFailAreTriedAgainLaterAndLaterAndThePoolSaysWhy()
    {
        Node.Vmm.FailAt("restore", ErrorCode.QmpFailed, "The state is odd.");
        Set(restored: 1);
        var pool = await SeeAsync(p => p.Failures >= 2, "it failed again");

        pool = await SeeAsync(p => p.Problem == PoolProblem.StartsFail, "it says so");
        pool.ProblemText.ShouldContain("The state is odd.");
        pool.RetryAt.ShouldNotBeNull();
        await Eventually.UntilAsync(() => Living == 0 && Node.RunFolders.Length == 0, "nothing is left");
        Node.Vmm.OnStep = (_, _, _) => Task.CompletedTask;
        await WaitAsync(restored: 1);
    }

    [Fact]
    public async Task AVmThatEndsWhileItWaitsIsCountedAndReplaced()
    {
        Set(restored: 1);
        var waiting = (await WaitAsync(restored: 1)).Vms[0].Pid;

        Node.Vmm.Vms.Single(vm => vm.Process.Pid == waiting).End("killed by signal 9", guestRequested: false);

        (await SeeAsync(p => p.Failures == 1 && p.Vms.Count == 1, "it is replaced")).Vms[0].Pid.ShouldNotBe(waiting);
    }

    [Fact]
    public async Task APoolThatIsDeletedEndsItsVms()
    {
        Set(restored: 1, prepared: 1);
        await WaitAsync(restored: 1, prepared: 1);

        await Node.Pools.DeleteAsync(Web, CancellationToken.None);

        Living.ShouldBe(0);
        Node.RunFolders.ShouldBeEmpty();
        Should.Throw<TemplatingException>(() => Node.Pools.Get(Web)).Code.ShouldBe(ErrorCode.PoolNotFound);
        await RestartAsync();
        Node.Pools.List(null).ShouldBeEmpty();
    }

    [Fact]
    public async Task TheDemandIsFollowedUpToTheMost()
    {
        Set(restored: 0, max: 2);
        await CreateAsync("one");
        await CreateAsync("two");

        (await SeeAsync(p => p.Vms.Count == 2, "as many wait as were taken")).WantedRestored.ShouldBe(2);
    }

    [Fact]
    public async Task WatchersAreToldOfEachChange()
    {
        var changes = Node.Pools.WatchAsync(CancellationToken.None).GetAsyncEnumerator();
        var next = changes.MoveNextAsync().AsTask();
        Set(restored: 1);

        // One that reads slowly gets the latest state alone, and so perhaps not the first.
        (await next).ShouldBeTrue();
        while (changes.Current.Item.Vms.Count == 0)
        {
            (await changes.MoveNextAsync()).ShouldBeTrue();
            changes.Current.Kind.ShouldBeOneOf(ChangeKind.Added, ChangeKind.Modified);
        }

        await Node.Pools.DeleteAsync(Web, CancellationToken.None);
        while (changes.Current.Kind != ChangeKind.Deleted)
        {
            (await changes.MoveNextAsync()).ShouldBeTrue();
        }

        await changes.DisposeAsync();
    }

    [Fact]
    public void ATenantHasSoManyPoolsAndNotOneMore()
    {
        for (var i = 0; i < PoolRules.MostPools; i++)
        {
            Set(name: new PoolName("a", $"p{i}"));
        }

        Should.Throw<TemplatingException>(() => Set(name: new PoolName("a", "more"))).Code.ShouldBe(ErrorCode.TenantQuotaExhausted);
        Set(restored: 0, name: new PoolName("a", "p0"));
        Set(name: new PoolName("b", "p0"));
    }
}
