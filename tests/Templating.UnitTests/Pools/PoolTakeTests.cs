using Templating.Core.Clones;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Names;
using Templating.Core.Pools;
using Templating.Core.Vms;
using Templating.Testing;

namespace Templating.UnitTests.Pools;

/// <summary>What a clone gets of a pool, and what it tells of that.</summary>
public sealed class PoolTakeTests : PoolTest
{
    private const string Cold = "queue verify qemu_start restore resume identity";

    [Fact]
    public async Task ACloneTakesARestoredVmAndAnotherIsStartedInItsPlace()
    {
        Set(restored: 1);
        var waiting = (await WaitAsync(restored: 1)).Vms.ShouldHaveSingleItem();

        var clone = await CreateAsync("one");

        Phases(clone).ShouldBe("take resume identity");
        clone.Pid.ShouldBe(waiting.Pid);
        clone.State.ShouldBe(VmState.Running);
        clone.ChargedBytes.ShouldBe(VmMiB << 20);
        Node.Vmm.Vms.Single(vm => vm.Process.Pid == waiting.Pid).Identity!.Id.ShouldBe("one");
        var pool = await WaitAsync(restored: 1);
        pool.Vms.ShouldHaveSingleItem().Pid.ShouldNotBe(waiting.Pid);
        (pool.HitsRestored, pool.Misses, pool.Failures).ShouldBe((1, 0, 0));
        Node.Clones.List(null).ShouldHaveSingleItem().Name.Id.ShouldBe("one");
    }

    [Fact]
    public async Task ACloneTakesAPreparedVmWhereNoneIsRestoredAndRestoresIt()
    {
        Set(prepared: 1);
        var waiting = (await WaitAsync(prepared: 1)).Vms.ShouldHaveSingleItem();

        var clone = await CreateAsync();

        Phases(clone).ShouldBe("take queue restore resume identity");
        clone.Pid.ShouldBe(waiting.Pid);
        (await WaitAsync(prepared: 1)).HitsPrepared.ShouldBe(1);
    }

    [Fact]
    public async Task ACloneOfAnEmptyPoolStartsColdAndIsAMiss()
    {
        Node.Vmm.FailAt("prepare", ErrorCode.QemuExited, "Not now.");
        Set(restored: 1);
        await SeeAsync(pool => pool.Problem == PoolProblem.StartsFail, "its starts fail");
        Node.Vmm.OnStep = (_, _, _) => Task.CompletedTask;

        Phases(await CreateAsync()).ShouldBe(Cold);

        Node.Pools.Get(Web).Misses.ShouldBe(1);
    }

    [Fact]
    public async Task TwoClonesForTheLastVmThatWaitsEachGetOneOfTheirOwn()
    {
        Set(restored: 1);
        await WaitAsync(restored: 1);
        await StopAsync();

        var clones = await Task.WhenAll(CreateAsync("one"), CreateAsync("two"));

        clones.Select(clone => clone.Pid).ShouldBeUnique();
        clones.Count(clone => Phases(clone) == "take resume identity").ShouldBe(1);
        clones.Select(clone => clone.Generation).ShouldBeUnique();
    }

    [Fact]
    public async Task PortsOfACloneAreLedToItBeforeItsCpusRun()
    {
        Set(restored: 1);
        await WaitAsync(restored: 1);
        var order = new List<string>();
        Node.Vmm.OnStep = (step, vm, _) =>
        {
            lock (order)
            {
                order.AddRange(step is "forward" or "resume" ? [step] : Array.Empty<string>());
            }

            return Task.CompletedTask;
        };

        var clone = await CreateAsync(change: r => r with { Network = new NetworkSpec(false, [new PortForward(80, 8080), new PortForward(80)]) });

        order.ShouldBe(["forward", "forward", "resume"]);
        clone.Network.Forwards.Select(f => f.HostPort).ShouldBe([8080, 40080]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WhatMustBeKnownBeforeQemuStartsMakesItStartCold(bool cgroups)
    {
        Set(restored: 1);
        await WaitAsync(restored: 1);

        var clone = await CreateAsync(change: r => cgroups
            ? r with { Cgroups = ["/sys/fs/cgroup"] }
            : r with { Network = new NetworkSpec(Outbound: true, []) });

        Phases(clone).ShouldBe(Cold);
        (Node.Pools.Get(Web).Misses, Node.Pools.Get(Web).HitsRestored).ShouldBe((0, 0));
    }

    [Fact]
    public async Task AnotherTenantsCloneNeverGetsOne()
    {
        await Node.BuildAsync("b");
        Set(restored: 1);
        var waiting = (await WaitAsync(restored: 1)).Vms.ShouldHaveSingleItem();

        var clone = await CreateAsync(tenant: "b");

        clone.Pid.ShouldNotBe(waiting.Pid);
        Phases(clone).ShouldBe(Cold);
        Node.Pools.Get(Web).Vms.ShouldHaveSingleItem().Pid.ShouldBe(waiting.Pid);
    }

    [Fact]
    public async Task ACloneWhoseIdIsTakenSpendsNoVmThatWaits()
    {
        Set(restored: 1);
        await WaitAsync(restored: 1);
        await CreateAsync("one");
        await WaitAsync(restored: 1);

        (await Should.ThrowAsync<TemplatingException>(() => CreateAsync("one"))).Code.ShouldBe(ErrorCode.CloneAlreadyExists);

        Node.Pools.Get(Web).HitsRestored.ShouldBe(1);
        Living.ShouldBe(2);
    }

    [Fact]
    public async Task OneThatDoesNotAnswerIsEndedAndTheNextIsTaken()
    {
        Set(restored: 2);
        var silent = (await WaitAsync(restored: 2)).Vms[0].Pid;
        await StopAsync();
        Node.Vmm.OnStep = (step, vm, token) => step == "query" && vm!.Process.Pid == silent ? Task.Delay(Timeout.Infinite, token) : Task.CompletedTask;

        var clone = await CreateAsync();

        Phases(clone).ShouldBe("take resume take resume identity");
        clone.Pid.ShouldNotBe(silent);
        clone.Phases[1].Duration.ShouldBeLessThan(TimeSpan.FromSeconds(10));
        await Eventually.UntilAsync(() => Node.Vmm.Vms.Single(vm => vm.Process.Pid == silent).Killed, "it was ended");
        Node.Pools.Get(Web).Failures.ShouldBe(1);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(0, 1)]
    public async Task NoneRunsBeforeItHasAnsweredThatItIsWhereItWasLeft(int restored, int prepared)
    {
        Set(restored: restored, prepared: prepared);
        await WaitAsync(restored: restored, prepared: prepared);
        await StopAsync();
        var answer = new TaskCompletionSource();
        var asked = new TaskCompletionSource();
        var resumed = false;
        Node.Vmm.OnStep = (step, _, token) =>
        {
            resumed |= step == "resume";
            return step == "query" && asked.TrySetResult() ? answer.Task.WaitAsync(token) : Task.CompletedTask;
        };

        var creating = CreateAsync();
        await asked.Task;
        resumed.ShouldBeFalse();
        answer.SetResult();

        (await creating).State.ShouldBe(VmState.Running);
        resumed.ShouldBeTrue();
    }

    [Fact]
    public async Task WhereNoneAnswersTheCloneStartsColdAndSaysForHowLongItLooked()
    {
        Set(restored: 3);
        await WaitAsync(restored: 3);
        await StopAsync();
        Node.Vmm.OnStep = (step, _, token) => step == "query" ? Task.Delay(Timeout.Infinite, token) : Task.CompletedTask;

        var clone = await CreateAsync();

        Phases(clone).ShouldStartWith("take resume ");
        Phases(clone).ShouldEndWith(Cold);
        Node.Pools.Get(Web).Misses.ShouldBe(1);
    }

    [Fact]
    public async Task ATakenVmThatFailsIsRemovedAsAnyCloneIs()
    {
        Set(restored: 1);
        await WaitAsync(restored: 1);
        await StopAsync();
        Node.Vmm.FailAt("identify", ErrorCode.IdentityNotConfirmed, "No.");

        (await Should.ThrowAsync<TemplatingException>(() => CreateAsync())).Code.ShouldBe(ErrorCode.IdentityNotConfirmed);

        Living.ShouldBe(0);
        Node.RunFolders.ShouldBeEmpty();
        Node.Capacity.View.ChargedBytes.ShouldBe(0);
        Node.Clones.List(null).ShouldBeEmpty();
    }

    [Fact]
    public async Task ACallerWhoGoesAwayWhileTheVmIsAskedTakesItWithIt()
    {
        Set(restored: 1);
        await WaitAsync(restored: 1);
        await StopAsync();
        var asked = new TaskCompletionSource();
        Node.Vmm.OnStep = (step, _, token) =>
        {
            asked.TrySetResult();
            return step == "query" ? Task.Delay(Timeout.Infinite, token) : Task.CompletedTask;
        };
        using var caller = new CancellationTokenSource();
        var create = Node.Clones.CreateAsync(new CreateClone { Template = new TemplateName("a", "t") }, caller.Token);
        await asked.Task;

        await caller.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(create);
        Living.ShouldBe(0);
        Node.Clones.List(null).ShouldBeEmpty();
    }

    [Fact]
    public async Task ACloneThatIsTakenLivesAndEndsByItsOwnLifetime()
    {
        Set(restored: 1);
        await WaitAsync(restored: 1);
        var clone = await CreateAsync(change: r => r with { Lifetime = new Lifetime { Ttl = TimeSpan.FromHours(1) }, Labels = new Dictionary<string, string> { ["k"] = "v" } });

        clone.ExpireAt.ShouldNotBeNull();
        clone.Labels["k"].ShouldBe("v");
        await Node.Clones.DeleteAsync(clone.Name, TimeSpan.Zero, CancellationToken.None);
        Node.Clones.List(null).ShouldBeEmpty();
        await WaitAsync(restored: 1);
        Living.ShouldBe(1);
    }
}
