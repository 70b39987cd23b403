using Templating.Core.Clones;
using Templating.Core.Diagnostics;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Vms;
using Templating.Testing;
using Templating.Testing.Fakes;

namespace Templating.UnitTests.Pools;

/// <summary>VMs that answered when a clone took them, and came to nothing before their CPUs ran.</summary>
public sealed class PoolPassOverTests : PoolTest
{
    private const string Cold = "queue verify qemu_start restore resume identity";

    [Theory]
    [InlineData(ErrorCode.QemuExited)]
    [InlineData(ErrorCode.QemuRefused)]
    [InlineData(ErrorCode.QmpFailed)]
    public async Task TheNextOneIsTakenAndNothingOfTheFirstIsLeft(ErrorCode fault)
    {
        Set(restored: 2);
        await WaitAsync(restored: 2);
        await StopAsync();
        var dying = new List<FakeVm>();
        OnceAt("resume", vm =>
        {
            dying.Add(vm);
            throw new TemplatingException(fault, "It has had enough.");
        });

        var clone = await CreateAsync("one");

        Phases(clone).ShouldBe("take resume take resume identity");
        clone.Pid.ShouldNotBe(dying.ShouldHaveSingleItem().Process.Pid);
        (clone.State, clone.Failure, clone.ChargedBytes).ShouldBe((VmState.Running, null, VmMiB << 20));
        Living.ShouldBe(1);
        Node.RunFolders.ShouldHaveSingleItem();
        Node.Capacity.View.ChargedBytes.ShouldBe(VmMiB << 20);
        var pool = Node.Pools.Get(Web);
        (pool.HitsRestored, pool.Misses, pool.Failures).ShouldBe((1, 0, 1));
        pool.Vms.ShouldBeEmpty();
    }

    [Fact]
    public async Task OneThatEndsBetweenTheQuestionAndItsResumeIsPassedOver()
    {
        Set(restored: 1, prepared: 1);
        await WaitAsync(restored: 1, prepared: 1);
        await StopAsync();
        OnceAt("query", vm => vm.End("killed by signal 9", guestRequested: false));

        var clone = await CreateAsync("one");

        clone.State.ShouldBe(VmState.Running);
        Living.ShouldBe(1);
        Node.Vmm.Vms.Single(vm => vm.Process.Pid == clone.Pid).Exited.IsCompleted.ShouldBeFalse("it is another VM than the one that ended");
    }

    [Fact]
    public async Task APreparedOneThatCannotBeRestoredIsPassedOverForAColdStart()
    {
        Set(prepared: 1);
        await WaitAsync(prepared: 1);
        await StopAsync();
        OnceAt("restore", vm =>
        {
            vm.End("killed by signal 9", guestRequested: false);
            throw new TemplatingException(ErrorCode.QemuExited, "It was killed.");
        });

        var clone = await CreateAsync("one");

        Phases(clone).ShouldBe("take queue restore " + Cold);
        (Node.Pools.Get(Web).HitsPrepared, Node.Pools.Get(Web).Misses).ShouldBe((0, 1));
    }

    [Fact]
    public async Task NobodyIsToldOfTheOneThatWasPassedOver()
    {
        Set(restored: 2);
        await WaitAsync(restored: 2);
        await StopAsync();
        using var end = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var changes = Node.Clones.WatchAsync(end.Token).GetAsyncEnumerator(end.Token);
        var next = changes.MoveNextAsync().AsTask();
        var seen = new List<VmState>();
        Node.Vmm.OnStep = (step, _, _) =>
        {
            if (step != "resume" || seen.Count > 0)
            {
                return Task.CompletedTask;
            }

            seen.Add(Node.Clones.List(null).ShouldHaveSingleItem().State);
            throw new TemplatingException(ErrorCode.QemuExited, "It was killed.");
        };

        await CreateAsync("one");

        seen.ShouldBe([VmState.Restored]);
        do
        {
            (await next).ShouldBeTrue();
            changes.Current.Kind.ShouldBeOneOf(ChangeKind.Added, ChangeKind.Modified);
            changes.Current.Item.State.ShouldBeOneOf(VmState.Restored, VmState.Running);
            next = changes.Current.Item.ReadyAt is null ? changes.MoveNextAsync().AsTask() : Task.FromResult(false);
        }
        while (!next.IsCompletedSuccessfully || await next);

        await changes.DisposeAsync();
    }

    [Fact]
    public async Task APortThatIsTakenIsTheRequestsFaultAndCostsOneVm()
    {
        Set(restored: 2);
        await WaitAsync(restored: 2);
        await StopAsync();
        Node.Vmm.FailAt("forward", ErrorCode.PortUnavailable, "Taken.");

        (await Should.ThrowAsync<TemplatingException>(
            () => CreateAsync("one", r => r with { Network = new NetworkSpec(false, [new PortForward(80, 8080)]) }))).Code.ShouldBe(ErrorCode.PortUnavailable);

        Node.Pools.Get(Web).Vms.ShouldHaveSingleItem();
        Node.Clones.List(null).ShouldBeEmpty();
    }

    [Fact]
    public async Task ACloneThatIsDeletedMeanwhileTakesNoOther()
    {
        Set(restored: 2);
        await WaitAsync(restored: 2);
        await StopAsync();
        Task<VmEnd>? deletion = null;
        OnceAt("resume", _ =>
        {
            deletion = Node.Clones.DeleteAsync(new CloneName("a", "one"), TimeSpan.Zero, CancellationToken.None);
            throw new TemplatingException(ErrorCode.QemuExited, "It was killed.");
        });

        await Should.ThrowAsync<TemplatingException>(() => CreateAsync("one"));

        await deletion.ShouldNotBeNull();
        Node.Clones.List(null).ShouldBeEmpty();
        Node.Pools.Get(Web).Vms.ShouldHaveSingleItem();
        await Eventually.UntilAsync(() => Living == 1, "the one that waits lives alone");
    }

    private void OnceAt(string at, Action<FakeVm> act)
    {
        var done = false;
        Node.Vmm.OnStep = (step, vm, _) =>
        {
            if (step == at && !done)
            {
                done = true;
                act(vm!);
            }

            return Task.CompletedTask;
        };
    }
}
