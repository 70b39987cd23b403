using System.Globalization;
using Google.Protobuf.WellKnownTypes;
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
    public async Task QemusThatDoNotAnswerHoldUpNoDaemonAndNoOtherCloneAndLiveOn()
    {
        await using var node = await TestNode.StartAsync();
        var kept = await node.Client.CloneAsync(Limit, r => r.Id = "kept");
        var silent = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => node.Client.CloneAsync(Limit)));
        await node.Daemon.KillAsync(Limit);
        silent.ToList().ForEach(clone => Signals.Send(clone.Pid, Signals.Stop).ShouldBeTrue());
        var before = TimeProvider.System.GetTimestamp();

        await node.RestartAsync();

        // A second for all of them; the rest is a slow machine's start. One after the other it was 90.
        TimeProvider.System.GetElapsedTime(before).ShouldBeLessThan(TimeSpan.FromSeconds(15));
        (await node.Client.ShellAsync(kept, "echo on", Limit)).Output.ShouldBe("on\n");
        foreach (var clone in silent)
        {
            var shown = await node.Client.GetAsync(clone, Limit, CloneView.Full);
            (shown.State, shown.Pid).ShouldBe((CloneState.NotAnswering, clone.Pid));
            shown.StateReason.ShouldContain("has not answered");
        }

        (await node.Client.Node.GetNodeAsync(new GetNodeRequest(), cancellationToken: Limit)).MemoryChargedBytes.ShouldBe(kept.ChargedBytes * 4);
        (await Should.ThrowAsync<TemplatingClientException>(node.Client.ShellAsync(silent[0], "true", Limit)))
            .ShouldSatisfyAllConditions(e => e.Code.ShouldBe(StatusCode.Unavailable), e => e.Message.ShouldContain("does not answer"));

        // One is deleted as it is, the next daemon finds the others as they are, and one goes on.
        await node.Client.Clones.DeleteCloneAsync(new DeleteCloneRequest { Name = silent[0].Name, GracePeriod = Duration.FromTimeSpan(TimeSpan.FromSeconds(0.2)) }, cancellationToken: Limit);
        (await node.Daemon.StopAsync(Limit)).ShouldBe(0);
        await node.RestartAsync();
        Signals.Send(silent[1].Pid, Signals.Continue).ShouldBeTrue();
        await Eventually.UntilAsync(
            async () => (await node.Client.GetAsync(silent[1], Limit)).State == CloneState.Running, "the one that goes on runs", cancellationToken: Limit);
        (await node.Client.ShellAsync(silent[1], "echo again", Limit)).Output.ShouldBe("again\n");
        VmProcesses.Of(node.Folder.Run).ShouldBe([kept.Pid, silent[1].Pid, silent[2].Pid], ignoreOrder: true);
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

    [Fact]
    public async Task TwoDaemonsWhoseVmsWouldShareAUserAreKeptApart()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return; // only root can run VMs as others
        }

        await using var node = await TestNode.StartEmptyAsync();
        using var elsewhere = new NodeFolder();

        var (first, count) = (long.Parse(node.Folder.FirstUid, CultureInfo.InvariantCulture), long.Parse(NodeFolder.UserCount, CultureInfo.InvariantCulture));

        var refused = await ServeAsync(elsewhere.Store, elsewhere.Run, "--vm-users-first-uid", $"{first + count - 1}", "--vm-users-count", "10");

        refused.ExitCode.ShouldNotBe(0);
        refused.Error.ShouldContain($"another daemon of this host has {first} to {first + count - 1}");
        refused.Error.ShouldContain("--vm-users-first-uid");
        refused.Error.ShouldNotContain("   at ");
    }

    private Task<ProgramResult> ServeAsync(string store, string run, params string[] more) =>
        Programs.RunAsync(NodeExecutable.Path, ["serve", "--store-path", store, "--run-path", run, .. more], Limit);
}
