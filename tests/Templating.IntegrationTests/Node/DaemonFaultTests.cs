using Grpc.Core;
using Templating.Api.Client;
using Templating.Testing;
using Templating.Testing.Nodes;
using Templating.V1;

namespace Templating.IntegrationTests.Node;

/// <summary>Daemons that end, by force or when asked, and those that come after or beside them.</summary>
public sealed class DaemonFaultTests : NodeTest
{
    [Fact]
    public async Task DaemonKilledDuringABuildLeavesNothingToTheNextOne()
    {
        await using var node = await TestNode.StartEmptyAsync();
        var building = node.Client.BuildAsync("web", GuestSpecs.Web(), Limit);
        var qemu = await VmProcesses.FirstOfAsync(node.Folder.Run, Limit);

        await node.Daemon.KillAsync(Limit);
        await Should.ThrowAsync<TemplatingClientException>(building);
        VmProcesses.Of(node.Folder.Run).ShouldContain(qemu);
        await node.RestartAsync();

        await NothingIsLeftAsync(node);
        (await node.Client.Templates.ListTemplatesAsync(new ListTemplatesRequest { Parent = "tenants/-" }, cancellationToken: Limit))
            .Templates.ShouldBeEmpty();
    }

    [Fact]
    public async Task DaemonKilledWithRunningClonesIsFollowedByOneThatKnowsThem()
    {
        await using var node = await TestNode.StartAsync();
        var request = Guid.NewGuid().ToString();
        var kept = await node.Client.CloneAsync(Limit, r => { r.Id = "kept"; r.RequestId = request; });
        var paused = await node.Client.CloneAsync(Limit, r => r.Id = "paused");
        var lost = await node.Client.CloneAsync(Limit, r => r.Id = "lost");
        await node.Client.ShellAsync(kept, "echo mine >/run/mine", Limit);
        await node.Client.Clones.PauseCloneAsync(new PauseCloneRequest { Name = paused.Name }, cancellationToken: Limit);
        var before = await node.Client.Node.GetNodeAsync(new GetNodeRequest(), cancellationToken: Limit);

        await node.Daemon.KillAsync(Limit);
        Signals.Send(lost.Pid, Signals.Kill).ShouldBeTrue();
        await Eventually.UntilAsync(() => VmProcesses.Of(node.Folder.Run).Count == 2, "two VMs live", cancellationToken: Limit);
        await node.RestartAsync();

        (await node.Client.GetAsync(kept, Limit)).State.ShouldBe(CloneState.Running);
        (await node.Client.ShellAsync(kept, "cat /run/mine", Limit)).Output.ShouldBe("mine\n");
        (await node.Client.CloneAsync(Limit, r => { r.Id = "kept"; r.RequestId = request; })).Pid.ShouldBe(kept.Pid);
        (await node.Client.GetAsync(paused, Limit)).State.ShouldBe(CloneState.Paused);
        var failed = await node.Client.GetAsync(lost, Limit);
        failed.State.ShouldBe(CloneState.Failed);
        failed.StateReason.ShouldNotBeEmpty();
        var after = await node.Client.Node.GetNodeAsync(new GetNodeRequest(), cancellationToken: Limit);
        after.MemoryChargedBytes.ShouldBe(before.MemoryChargedBytes / 3 * 2);
        (await node.Client.GetAsync(kept, Limit, CloneView.Full)).Memory.RamPrivate.ShouldBeGreaterThan(0);
    }

    /// <summary>Stopped by whoever broken out of its guest wants to keep the next daemon busy; it is ended, and the others live.</summary>
    [Fact]
    public async Task QemusThatDoNotAnswerHoldUpNoDaemonAndNoOtherClone()
    {
        await using var node = await TestNode.StartAsync();
        var kept = await node.Client.CloneAsync(Limit, r => r.Id = "kept");
        var silent = new List<VmClone>();
        for (var i = 0; i < 4; i++)
        {
            silent.Add(await node.Client.CloneAsync(Limit));
        }

        await node.Daemon.KillAsync(Limit);
        silent.ForEach(clone => Signals.Send(clone.Pid, Signals.Stop).ShouldBeTrue());
        var before = TimeProvider.System.GetTimestamp();
        await node.RestartAsync();

        // Five seconds for all of them; the rest is a slow machine's. One after the other was 120.
        TimeProvider.System.GetElapsedTime(before).ShouldBeLessThan(TimeSpan.FromSeconds(18));
        VmProcesses.Of(node.Folder.Run).ShouldBe([kept.Pid]);
        (await node.Client.ShellAsync(kept, "echo on", Limit)).Output.ShouldBe("on\n");
        foreach (var clone in silent)
        {
            (await node.Client.GetAsync(clone, Limit)).State.ShouldBe(CloneState.Failed);
        }

        (await node.Client.Node.GetNodeAsync(new GetNodeRequest(), cancellationToken: Limit)).MemoryChargedBytes.ShouldBe(kept.ChargedBytes);
    }

    [Fact]
    public async Task DaemonToldToStopEndsItsCallsAndLeavesItsClonesRunning()
    {
        await using var node = await TestNode.StartAsync(("SHUTDOWN_TIMEOUT", "2s"));
        using var http = new HttpClient();
        var clone = await node.Client.CloneAsync(Limit);
        using var watch = node.Client.Clones.WatchClones(new WatchClonesRequest { Parent = "tenants/-" }, cancellationToken: Limit);
        (await watch.ResponseStream.MoveNext(Limit)).ShouldBeTrue();
        var exec = node.Client.ShellAsync(clone, "sleep 1000", Limit);

        (await node.Daemon.StopAsync(Limit)).ShouldBe(0);

        (await Should.ThrowAsync<TemplatingClientException>(exec)).Code.ShouldBe(StatusCode.Unavailable);
        (await clone.HttpGetAsync(http, Limit)).ShouldContain(clone.Id);
        File.Exists(node.Folder.Socket).ShouldBeFalse();
        await node.RestartAsync();
        (await node.Client.ShellAsync(clone, "echo on", Limit)).Output.ShouldBe("on\n");
    }

    [Fact]
    public async Task SecondDaemonOnTheSameFoldersEndsWithOneClearError()
    {
        await using var node = await TestNode.StartEmptyAsync();
        using var elsewhere = new NodeFolder();

        var sameRun = await ServeAsync(elsewhere.Store, node.Folder.Run);
        var sameStore = await ServeAsync(node.Folder.Store, elsewhere.Run);

        sameRun.ExitCode.ShouldNotBe(0);
        sameRun.Error.ShouldStartWith("error: ");
        sameRun.Error.ShouldContain("another daemon");
        sameStore.ExitCode.ShouldNotBe(0);
        sameStore.Error.ShouldStartWith("error: ");
        sameStore.Error.ShouldContain($"process {node.Daemon.Pid}");
        (sameRun.Error + sameStore.Error).ShouldNotContain("   at ");
        (await node.Client.Node.GetNodeAsync(new GetNodeRequest(), cancellationToken: Limit)).Problem.ShouldBeEmpty();
    }

    private Task<ProgramResult> ServeAsync(string store, string run) =>
        Programs.RunAsync(NodeExecutable.Path, ["serve", "--store-path", store, "--run-path", run], Limit);
}
