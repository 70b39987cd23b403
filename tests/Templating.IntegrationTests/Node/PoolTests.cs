using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Templating.Testing.Nodes;
using Templating.V1;

namespace Templating.IntegrationTests.Node;

/// <summary>Clones that go on from VMs that waited for them, on real QEMU.</summary>
public sealed class PoolTests : PoolTest
{
    [Fact]
    public async Task ClonesThatTakeVmsThatWaitAreAsOthersAndEachIsItsOwn()
    {
        await using var node = await StartAsync();
        await SetAsync(node, restored: 2, prepared: 1);
        var waiting = (await WaitAsync(node, restored: 2, prepared: 1)).Status;
        waiting.Vms.Select(vm => vm.Pid).Order().ShouldBe(VmProcesses.Of(node.Folder.Run).Order());
        (await ListAsync(node)).ShouldBeEmpty();

        var clones = new[] { await node.Client.CloneAsync(Limit, r => r.Id = "one"), await node.Client.CloneAsync(Limit, r => r.Id = "two") };

        using var http = new HttpClient();
        foreach (var clone in clones)
        {
            Phases(clone).ShouldBe(Restored);
            waiting.Vms.ShouldContain(vm => vm.Pid == clone.Pid && vm.ChargedBytes == clone.ChargedBytes);
            (await node.Client.ShellAsync(clone, "cat /proc/sys/kernel/hostname", Limit)).Output.ShouldBe($"{clone.Id}\n");
            (await clone.HttpGetAsync(http, Limit)).ShouldNotBeEmpty();
        }

        clones.Select(clone => clone.Identity.MachineId).ShouldBeUnique();
        clones.Select(clone => clone.Identity.Generation).ShouldBeUnique();
        clones.ShouldAllBe(clone => clone.Identity.KernelReseeded);
        clones.Select(clone => clone.Network.Forwards.ShouldHaveSingleItem().HostPort).ShouldAllBe(port => port > 0);
        (await Task.WhenAll(clones.Select(clone => node.Client.ShellAsync(clone, "head -c 16 /dev/urandom | base64", Limit)))).Select(r => r.Output).ShouldBeUnique();
        (await WaitAsync(node, restored: 2, prepared: 1)).Status.HitsRestored.ShouldBe(2);
    }

    [Fact]
    public async Task APreparedVmIsRestoredForItsCloneWhichIsAsAnyOther()
    {
        await using var node = await StartAsync();
        await SetAsync(node, prepared: 1);
        var waiting = (await WaitAsync(node, prepared: 1)).Status.Vms.ShouldHaveSingleItem();

        var clone = await node.Client.CloneAsync(Limit, r => r.Id = "one");

        Phases(clone).ShouldBe("take queue restore resume identity");
        clone.Pid.ShouldBe(waiting.Pid);
        (await node.Client.ShellAsync(clone, "cat /proc/sys/kernel/hostname", Limit)).Output.ShouldBe("one\n");
    }

    [Fact]
    public async Task PortsThatACloneAsksForAreLedToIt()
    {
        await using var node = await StartAsync();
        await SetAsync(node, restored: 1);
        await WaitAsync(node, restored: 1);
        var port = FreePort.Next();

        var clone = await node.Client.CloneAsync(Limit, r => r.Spec.Network = new NetworkSpec { Forwards = { new PortForward { GuestPort = 80, HostPort = port } } });

        Phases(clone).ShouldBe(Restored);
        clone.Network.Forwards.ShouldHaveSingleItem().HostPort.ShouldBe(port);
        using var http = new HttpClient();
        (await clone.HttpGetAsync(http, Limit)).ShouldNotBeEmpty();
    }

    [Fact]
    public async Task APortThatIsTakenRefusesTheCloneAndNothingOfItIsLeft()
    {
        await using var node = await StartAsync();
        await SetAsync(node, restored: 1);
        var first = await node.Client.CloneAsync(Limit);
        await WaitAsync(node, restored: 1);

        var failure = await FailsAsync(
            node.Client.CloneAsync(Limit, r => r.Spec.Network = new NetworkSpec { Forwards = { new PortForward { GuestPort = 80, HostPort = first.Network.Forwards[0].HostPort } } }),
            StatusCode.FailedPrecondition, "PORT_UNAVAILABLE");

        failure.Message.ShouldContain("taken");
        (await ListAsync(node)).ShouldHaveSingleItem();
        await WaitAsync(node, restored: 1);
        VmProcesses.Of(node.Folder.Run).Count.ShouldBe(2);
    }

    [Fact]
    public async Task FilesUserDataAndAStartThatIsNotWaitedForAreAsOfAnyClone()
    {
        await using var node = await StartAsync();
        await SetAsync(node, restored: 1);
        await WaitAsync(node, restored: 1);

        var clone = await node.Client.CloneAsync(Limit, r =>
        {
            r.Spec.Hostname = "named";
            r.Spec.Files.Add(new GuestFile { Path = "/run/mine", Content = Google.Protobuf.ByteString.CopyFromUtf8("mine") });
            r.Spec.Ttl = Duration.FromTimeSpan(TimeSpan.FromHours(1));
        });

        Phases(clone).ShouldBe(Restored);
        (await node.Client.ShellAsync(clone, "cat /run/mine /proc/sys/kernel/hostname", Limit)).Output.ShouldBe("minenamed\n");
        clone.ExpireTime.ShouldNotBeNull();
    }

    [Fact]
    public async Task ASandboxThatIsHeldTakesOneAndHasItsOwnersPort()
    {
        await using var node = await StartAsync();
        var spec = GuestSpecs.Web();
        (spec.Sandbox, spec.Network) = (true, null);
        await node.Client.BuildAsync("box", spec, Limit);
        await SetAsync(node, restored: 1, template: SandboxNode.Template);
        var waiting = (await WaitAsync(node, restored: 1)).Status.Vms[0].Pid;

        using var held = await SandboxCall.AcquireAsync(node.Client, "mine", Environment.ProcessId, Limit);

        (Phases(held.Clone), held.Clone.Pid).ShouldBe((Restored, waiting));
        File.Exists(held.Sandbox.Connection.OwnerPort).ShouldBeTrue();
        (await node.Client.ShellAsync(held.Clone, "cat /proc/sys/kernel/hostname", Limit)).Output.ShouldBe("mine\n");
    }

    [Fact]
    public async Task ATenantsPoolIsNobodyElsesToSeeOrTake()
    {
        await using var node = await StartAsync();
        await SetAsync(node, restored: 1);
        await WaitAsync(node, restored: 1);

        (await node.Client.Pools.ListPoolsAsync(new ListPoolsRequest { Parent = "tenants/other" }, cancellationToken: Limit)).Pools.ShouldBeEmpty();
        await FailsAsync(
            node.Client.Pools.GetPoolAsync(new GetPoolRequest { Name = "tenants/other/pools/web" }, cancellationToken: Limit).ResponseAsync, StatusCode.NotFound, "POOL_NOT_FOUND");
        await FailsAsync(
            node.Client.CloneAsync(Limit, r => r.Spec.Template = "tenants/other/templates/web"), StatusCode.NotFound, "TEMPLATE_NOT_FOUND");
        (await GetAsync(node)).Status.HitsRestored.ShouldBe(0);
    }

    [Fact]
    public async Task APoolLargerThanTheBudgetKeepsNoCloneOfItsTenantOut()
    {
        // Each is charged 128 MiB of RAM and 64 MiB for its QEMU.
        await using var node = await StartAsync(("MEMORY_BUDGET", "400MiB"));
        await SetAsync(node, prepared: 5);
        var pool = await SeeAsync(node, p => p.Status is { Prepared: 2, Problem: PoolProblem.BudgetFull }, "the budget is full");
        pool.Status.ProblemText.ShouldContain("400 MiB");

        // Outbound: none that waits can become it.
        var one = await node.Client.CloneAsync(Limit, r => r.Spec.Network = new NetworkSpec { Outbound = true });
        var two = await node.Client.CloneAsync(Limit);

        Phases(one).ShouldStartWith("queue");
        one.State.ShouldBe(CloneState.Running);
        two.State.ShouldBe(CloneState.Running);
        await FailsAsync(node.Client.CloneAsync(Limit), StatusCode.ResourceExhausted, "NODE_MEMORY_EXHAUSTED");
    }

    [Fact]
    public async Task AWatcherSeesAPoolComeAndFillAndGo()
    {
        await using var node = await StartAsync();
        using var watch = node.Client.Pools.WatchPools(new WatchPoolsRequest { Parent = "tenants/-" }, cancellationToken: Limit);
        (await watch.ResponseStream.MoveNext(Limit)).ShouldBeTrue();
        watch.ResponseStream.Current.Type.ShouldBe(ChangeType.Synced);

        await SetAsync(node, restored: 1);

        await NextAsync(ChangeType.Added, _ => true);
        if (watch.ResponseStream.Current.Pool.Status.Restored == 0)
        {
            await NextAsync(ChangeType.Modified, pool => pool.Status.Restored == 1);
        }

        await node.Client.Pools.DeletePoolAsync(new DeletePoolRequest { Name = Pool }, cancellationToken: Limit);
        await NextAsync(ChangeType.Deleted, _ => true);
        await NothingIsLeftAsync(node);

        async Task NextAsync(ChangeType type, Func<Pool, bool> isSo)
        {
            do
            {
                (await watch.ResponseStream.MoveNext(Limit)).ShouldBeTrue();
            }
            while (watch.ResponseStream.Current.Type != type || !isSo(watch.ResponseStream.Current.Pool));
        }
    }
}
