using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Pools;

namespace Templating.UnitTests.Pools;

/// <summary>What the next daemon makes of VMs that waited.</summary>
public sealed class PoolRecoveryTests : PoolTest
{
    [Fact]
    public async Task WhatWaitedWaitsOnForTheNextDaemonWithAllThatItHeld()
    {
        Set(restored: 1, prepared: 1);
        var before = await WaitAsync(restored: 1, prepared: 1);

        await RestartAsync();

        var after = await WaitAsync(restored: 1, prepared: 1);
        after.Vms.Select(vm => (vm.Pid, vm.Kind, vm.Since)).ShouldBe(before.Vms.Select(vm => (vm.Pid, vm.Kind, vm.Since)), ignoreOrder: true);
        after.Spec.ShouldBe(before.Spec);
        Living.ShouldBe(2);
        Node.Capacity.View.ChargedBytes.ShouldBe(2 * VmMiB << 20);
        Node.Templates.Get(new("a", "t"), null).Clones.ShouldBe(0);
        var restored = await CreateAsync();
        Phases(restored).ShouldBe("take resume identity");
        restored.Pid.ShouldBe(before.Vms.Single(vm => vm.Kind == WaitingKind.Restored).Pid);
        Node.Vmm.Vms.Single(vm => vm.Process.Pid == restored.Pid).Expected.ShouldBe(GuestAgentKind.Templating);
    }

    [Fact]
    public async Task APreparedOneIsRestoredByTheNextDaemon()
    {
        Set(prepared: 1);
        var waiting = (await WaitAsync(prepared: 1)).Vms[0].Pid;
        await RestartAsync(run: false);

        var clone = await CreateAsync();

        clone.Pid.ShouldBe(waiting);
        Phases(clone).ShouldBe("take queue restore resume identity");
        Node.Vmm.Vms.Single(vm => vm.Process.Pid == waiting).State.ShouldBe(VmRunState.Running);
    }

    [Fact]
    public async Task ACloneWithPortsTakesNoneThatAnotherDaemonBegan()
    {
        Set(restored: 1);
        await WaitAsync(restored: 1);
        await RestartAsync(run: false);

        var clone = await CreateAsync(change: r => r with { Network = new NetworkSpec(false, [new PortForward(80, 8080)]) });

        Phases(clone).ShouldBe("queue verify qemu_start restore resume identity");
        Node.Pools.Get(Web).Vms.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task OneThatWasTakenAndIsNotReadyIsEndedByTheNextDaemon()
    {
        Set(restored: 1);
        var waiting = (await WaitAsync(restored: 1)).Vms[0].Pid;
        await StopAsync();
        var reached = new TaskCompletionSource();
        Node.Vmm.OnStep = (step, _, token) =>
        {
            if (step != "identify")
            {
                return Task.CompletedTask;
            }

            reached.TrySetResult();
            return Task.Delay(Timeout.Infinite, token);
        };
        var create = CreateAsync("one");
        await reached.Task;
        var folder = Node.Vmm.Vms.Single(vm => vm.Process.Pid == waiting).Folder;

        await RestartAsync(run: false);

        await Should.ThrowAsync<TemplatingException>(create);
        Node.Vmm.Reaped.ShouldContain(folder);
        Node.Clones.List(null).ShouldBeEmpty();
        Node.Pools.Get(Web).Vms.ShouldBeEmpty();
        Node.Capacity.View.ChargedBytes.ShouldBe(0);
    }

    [Fact]
    public async Task OneThatRunsOrIsSilentOrHasNoPoolIsEnded()
    {
        Set(restored: 4);
        var vms = (await WaitAsync(restored: 4)).Vms.Select(w => Node.Vmm.Vms.Single(vm => vm.Process.Pid == w.Pid)).ToList();
        await StopAsync();
        vms[0].State = VmRunState.Running;
        Node.Vmm.OnStep = (step, vm, token) => step == "query" && vm == vms[1] ? Task.Delay(Timeout.Infinite, token) : Task.CompletedTask;
        vms[2].End("it is gone", guestRequested: false);

        await RestartAsync(run: false);

        Node.Pools.Get(Web).Vms.ShouldHaveSingleItem().Pid.ShouldBe(vms[3].Process.Pid);
        Node.Vmm.Reaped.ShouldBeSubsetOf(vms.Take(3).Select(vm => vm.Folder));
        vms.Take(2).Select(vm => vm.Folder).ShouldBeSubsetOf(Node.Vmm.Reaped);
        Directory.Exists(vms[2].Folder.Path).ShouldBeFalse("whichever daemon noticed first that it is gone");
    }

    [Fact]
    public async Task ARecordThatIsNoneEndsItsVmAlone()
    {
        Set(restored: 2);
        var vms = (await WaitAsync(restored: 2)).Vms.Select(w => Node.Vmm.Vms.Single(vm => vm.Process.Pid == w.Pid)).ToList();
        await StopAsync();
        await File.WriteAllTextAsync(Path.Combine(vms[0].Folder.Path, "waiting.json"), "{ \"formatVersion\": 7 }");

        await RestartAsync(run: false);

        Node.Pools.Get(Web).Vms.ShouldHaveSingleItem().Pid.ShouldBe(vms[1].Process.Pid);
        Node.Vmm.Reaped.ShouldBe([vms[0].Folder]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("""{ "formatVersion": 2, "spec": { "template": "t", "sizes": {} } }""")]
    [InlineData("""{ "formatVersion": 1, "spec": { "template": "../t", "sizes": {} } }""")]
    [InlineData("""{ "formatVersion": 1, "spec": { "template": "t", "sizes": { "restored": -1 } } }""")]
    [InlineData("""{ "formatVersion": 1, "spec": { "template": "t", "sizes": null } }""")]
    public async Task APoolWhoseFileCannotBeReadIsLeftAndTheOthersAreThere(string text)
    {
        Set(restored: 1);
        Set(name: new PoolName("a", "bad"));
        await StopAsync();
        var file = Directory.EnumerateFiles(Path.GetDirectoryName(Node.Options.RunFolder)!, "bad.json", SearchOption.AllDirectories).Single();
        await File.WriteAllTextAsync(file, text);

        await RestartAsync(run: false);

        Node.Pools.List(null).ShouldHaveSingleItem().Name.ShouldBe(Web);
        (await File.ReadAllTextAsync(file)).ShouldBe(text);
    }
}
