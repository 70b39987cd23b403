using Templating.Testing;
using Templating.Testing.Nodes;
using Templating.V1;

namespace Templating.IntegrationTests.Node;

/// <summary>What goes wrong with VMs that wait: no clone waits for it, none gets a broken one, and nothing is left behind.</summary>
public sealed class PoolFaultTests : PoolTest
{
    [Fact]
    public async Task AVmThatIsKilledWhileItWaitsIsReplacedAndToldOf()
    {
        await using var node = await StartAsync();
        await SetAsync(node, restored: 1);
        var waiting = (await WaitAsync(node, restored: 1)).Status.Vms[0].Pid;

        Signals.Send(waiting, Signals.Kill).ShouldBeTrue();

        var pool = await SeeAsync(node, p => p.Status.Failures == 1 && p.Status.Restored == 1, "another waits");
        pool.Status.Vms[0].Pid.ShouldNotBe(waiting);
        Phases(await node.Client.CloneAsync(Limit)).ShouldBe(Restored);
    }

    [Fact]
    public async Task ACloneDoesNotWaitForOneThatIsStopped()
    {
        await using var node = await StartAsync();
        await SetAsync(node, restored: 2);
        var stopped = (await WaitAsync(node, restored: 2)).Status.Vms.Select(vm => vm.Pid).ToList();
        stopped.ForEach(pid => Signals.Send(pid, Signals.Stop).ShouldBeTrue());

        var clone = await node.Client.CloneAsync(Limit);

        // Of the two one is passed over, and the other as well where that leaves time; then it starts cold.
        Phases(clone).ShouldStartWith("take resume ");
        Phases(clone).ShouldEndWith(" queue verify qemu_start restore resume identity");
        // Twice a second, and what a slow machine adds to that.
        clone.Phases.TakeWhile(phase => phase.Name != "queue").Sum(phase => phase.Duration.ToTimeSpan().TotalSeconds).ShouldBeLessThan(10);
        (await node.Client.ShellAsync(clone, "echo on", Limit)).Output.ShouldBe("on\n");
        await SeeAsync(node, p => p.Status.Restored == 2 && !p.Status.Vms.Any(vm => stopped.Contains(vm.Pid)), "others wait");
        stopped.ShouldAllBe(pid => !VmProcesses.Of(node.Folder.Run).Contains(pid));
    }

    /// <summary>Between its answer and its CPUs there is time to do that while its state is read.</summary>
    [Fact]
    public async Task APreparedVmThatEndsWhileItsCloneRestoresItIsPassedOver() => await IsPassedOverAsync(Signals.Kill);

    [Fact]
    public async Task APreparedVmThatIsStoppedWhileItsCloneRestoresItIsPassedOver() => await IsPassedOverAsync(Signals.Stop);

    private async Task IsPassedOverAsync(int signal)
    {
        await using var node = await StartAsync();
        await SetAsync(node, prepared: 1);
        var waiting = (await WaitAsync(node, prepared: 1)).Status.Vms[0].Pid;
        using var watch = node.Client.Clones.WatchClones(new WatchClonesRequest { Parent = "tenants/-" }, cancellationToken: Limit);
        (await watch.ResponseStream.MoveNext(Limit)).ShouldBeTrue();
        watch.ResponseStream.Current.Type.ShouldBe(ChangeType.Synced);

        var create = node.Client.CloneAsync(Limit);
        (await watch.ResponseStream.MoveNext(Limit)).ShouldBeTrue();
        watch.ResponseStream.Current.Type.ShouldBe(ChangeType.Added);
        Signals.Send(waiting, signal).ShouldBeTrue();

        var clone = await create;
        Phases(clone).ShouldStartWith("take queue restore");
        Phases(clone).ShouldEndWith("restore resume identity");
        clone.Pid.ShouldNotBe(waiting);
        (await node.Client.ShellAsync(clone, "echo on", Limit)).Output.ShouldBe("on\n");
        VmProcesses.Of(node.Folder.Run).ShouldNotContain(waiting);
        (await SeeAsync(node, p => p.Status.Prepared == 1, "another waits")).Status.Failures.ShouldBe(1);
        while (watch.ResponseStream.Current.Clone_.State != CloneState.Running)
        {
            (await watch.ResponseStream.MoveNext(Limit)).ShouldBeTrue();
            watch.ResponseStream.Current.Clone_.State.ShouldNotBe(CloneState.Failed, "nobody is told of the one that was passed over");
        }
    }

    [Fact]
    public async Task TwoClonesForTheLastOneEachGetAVmOfTheirOwn()
    {
        await using var node = await StartAsync();
        await SetAsync(node, restored: 1);
        await WaitAsync(node, restored: 1);

        var clones = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => node.Client.CloneAsync(Limit)));

        clones.Select(clone => clone.Pid).ShouldBeUnique();
        clones.Select(clone => clone.Identity.MachineId).ShouldBeUnique();
        clones.Count(clone => Phases(clone).StartsWith("take", StringComparison.Ordinal)).ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task ATemplateThatIsDeletedEndsWhatWaitsAndNeedsNoForce()
    {
        await using var node = await StartAsync();
        await SetAsync(node, restored: 1, prepared: 1);
        await WaitAsync(node, restored: 1, prepared: 1);
        (await node.Client.GetTemplateAsync(Limit)).Clones.ShouldBe(0);

        await node.Client.Templates.DeleteTemplateAsync(new DeleteTemplateRequest { Name = PreparedStore.Template }, cancellationToken: Limit);

        await NothingIsLeftAsync(node);
        await SeeAsync(node, p => p.Status is { Problem: PoolProblem.TemplateMissing, ProblemText.Length: > 0 }, "it says so");
    }

    [Fact]
    public async Task ATemplateThatIsFoundCorruptEndsWhatWaits()
    {
        await using var node = await StartAsync();
        await SetAsync(node, restored: 1);
        await WaitAsync(node, restored: 1);
        var template = await node.Client.GetTemplateAsync(Limit);
        var state = Path.Combine(node.Folder.RevisionFolder(template.Name), "state");
        var bytes = await File.ReadAllBytesAsync(state, Limit);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(state, bytes, Limit);

        (await node.Client.VerifyAsync(Limit)).Sound.ShouldBeFalse();

        await SeeAsync(node, p => p.Status is { Problem: PoolProblem.TemplateCorrupt, Restored: 0 } && p.Status.ProblemText.Contains("state", StringComparison.Ordinal), "it says so");
        await NothingIsLeftAsync(node);
    }

    /// <summary>As a package manager does it: another file in its place, while the daemon runs.</summary>
    [Fact]
    public async Task AQemuThatIsExchangedUnderWhatWaitsEndsIt()
    {
        using var folder = new TempFolder();
        var qemu = Path.Combine(folder.Path, "qemu");
        File.Copy("/usr/bin/qemu-system-x86_64", qemu);
        await using var node = await StartAsync(("QEMU_PATH", qemu));
        await SetAsync(node, restored: 1);
        await WaitAsync(node, restored: 1);

        File.Move(folder.Write("other", "#!/bin/sh\n[ \"$1\" = --version ] && echo 'QEMU emulator version 98.7.6' && exit\nexec qemu-system-x86_64 \"$@\"\n"), qemu, overwrite: true);
        File.SetUnixFileMode(qemu, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        var pool = await SeeAsync(node, p => p.Status is { Problem: PoolProblem.TemplateStale, Restored: 0 }, "it is drained");
        pool.Status.ProblemText.ShouldContain("98.7.6");
        await NothingIsLeftAsync(node);
    }

    [Fact]
    public async Task ANewRevisionIsWhatWaitsNext()
    {
        await using var node = await StartAsync();
        await SetAsync(node, restored: 1);
        var old = (await WaitAsync(node, restored: 1)).Status.Vms[0];

        var built = await node.Client.BuildAsync("web", GuestSpecs.Web("iomem=relaxed second"), Limit);

        var pool = await SeeAsync(node, p => p.Status.Revision == built.Name && p.Status.Restored == 1, "the new one waits");
        pool.Status.Vms.ShouldHaveSingleItem().Revision.ShouldBe(built.Name);
        VmProcesses.Of(node.Folder.Run).ShouldNotContain(old.Pid);
        var clone = await node.Client.CloneAsync(Limit);
        (Phases(clone), clone.Template).ShouldBe((Restored, built.Name));
    }

    [Fact]
    public async Task ADaemonThatIsKilledWhileVmsWaitIsFollowedByOneThatHasThem()
    {
        await using var node = await StartAsync();
        // Without ports, so that they are as good for the next daemon.
        var spec = GuestSpecs.Web();
        spec.Network = null;
        var template = await node.Client.BuildAsync("plain", spec, Limit);
        await SetAsync(node, restored: 1, prepared: 1, template: $"tenants/{PreparedStore.Tenant}/templates/plain");
        var before = await WaitAsync(node, restored: 1, prepared: 1);

        var left = await KilledAsync(node, Limit);
        await node.RestartAsync();

        var after = await WaitAsync(node, restored: 1, prepared: 1);
        after.Sizes.ShouldBe(before.Sizes);
        after.Status.Vms.Select(vm => vm.Pid).Order().ShouldBe(left.Order());
        var clones = new[] { await node.Client.CloneAsync(Limit, r => r.Spec.Template = template.Name), await node.Client.CloneAsync(Limit, r => r.Spec.Template = template.Name) };
        clones.ShouldAllBe(clone => Phases(clone).StartsWith("take", StringComparison.Ordinal));
        foreach (var clone in clones)
        {
            (await node.Client.ShellAsync(clone, "cat /proc/sys/kernel/hostname", Limit)).Output.ShouldBe($"{clone.Id}\n");
        }

        await WaitAsync(node, restored: 1, prepared: 1);
        var info = await node.Client.Node.GetNodeAsync(new GetNodeRequest(), cancellationToken: Limit);
        info.MemoryChargedBytes.ShouldBe(4 * clones[0].ChargedBytes);
    }

    [Fact]
    public async Task VmsThatNoPortCanBeLedToAfterARestartAreReplacedOneByOne()
    {
        await using var node = await StartAsync();
        await SetAsync(node, restored: 2);
        await WaitAsync(node, restored: 2);

        var left = await KilledAsync(node, Limit);
        await node.RestartAsync();

        await SeeAsync(node, p => p.Status.Restored == 2 && !p.Status.Vms.Any(vm => left.Contains(vm.Pid)), "they are replaced");
        Phases(await node.Client.CloneAsync(Limit)).ShouldBe(Restored);
    }

    /// <summary>Those that wait take no ports any more, and a clone that has some does not take them.</summary>
    [Fact]
    public async Task PortsAreLedToAClonesVmAlsoWhereThoseThatWaitAreOfADaemonThatIsGone()
    {
        await using var node = await StartAsync();
        var spec = GuestSpecs.Web();
        spec.Network = null;
        var template = await node.Client.BuildAsync("plain", spec, Limit);
        await SetAsync(node, restored: 1, prepared: 1, template: $"tenants/{PreparedStore.Tenant}/templates/plain");
        await WaitAsync(node, restored: 1, prepared: 1);
        var left = await KilledAsync(node, Limit);
        await node.RestartAsync();
        var port = FreePort.Next();

        var withPorts = await node.Client.CloneAsync(Limit, r =>
        {
            r.Spec.Template = template.Name;
            r.Spec.Network = new NetworkSpec { Forwards = { new PortForward { GuestPort = 80, HostPort = port }, new PortForward { GuestPort = 80 } } };
        });
        var without = await node.Client.CloneAsync(Limit, r => r.Spec.Template = template.Name);

        left.ShouldNotContain(withPorts.Pid);
        withPorts.Network.Forwards.Select(forward => forward.HostPort).ShouldAllBe(at => at > 0);
        using var http = new HttpClient();
        foreach (var forward in withPorts.Network.Forwards)
        {
            (await http.GetStringAsync(new Uri($"http://127.0.0.1:{forward.HostPort}/"), Limit)).ShouldContain(withPorts.Id);
        }

        left.ShouldContain(without.Pid);
        (await node.Client.ShellAsync(without, "cat /proc/sys/kernel/hostname", Limit)).Output.ShouldBe($"{without.Id}\n");
    }

    /// <summary>Whatever moment it is: between a record and its VM, between a VM and its clone.</summary>
    [Fact]
    public async Task ADaemonThatIsKilledAtAnyMomentLeavesNothingThatTheNextOneDoesNotKnow()
    {
        await using var node = await StartAsync();
        await SetAsync(node, restored: 2, prepared: 1);
        var dice = new Dice(7);
        for (var round = 0; round < 5; round++)
        {
            var creates = Enumerable.Range(0, 2).Select(_ => TryAsync(node.Client.CloneAsync(Limit))).ToList();
            await Task.Delay(TimeSpan.FromMilliseconds(dice.Next(400)), TimeProvider.System, Limit);
            await node.Daemon.KillAsync(Limit);
            await Task.WhenAll(creates);
            await node.RestartAsync();

            var clones = await ListAsync(node);
            clones.ShouldAllBe(clone => clone.ReadyTime != null);
            await Eventually.UntilAsync(
                async () =>
                {
                    var pool = await GetAsync(node);
                    var known = (await ListAsync(node)).Select(clone => clone.Pid).Concat(pool.Status.Vms.Select(vm => vm.Pid)).Order();
                    return pool.Status is { Starting: 0, Restored: 2, Prepared: 1 } && VmProcesses.Of(node.Folder.Run).Order().SequenceEqual(known);
                },
                "every process is a clone's or the pool's", cancellationToken: Limit);
            await Task.WhenAll(clones.Select(clone => node.Client.Clones.DeleteCloneAsync(new DeleteCloneRequest { Name = clone.Name }, cancellationToken: Limit).ResponseAsync));
        }
    }
}
