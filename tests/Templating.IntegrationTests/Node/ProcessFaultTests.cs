using Grpc.Core;
using Templating.Api.Client;
using Templating.Testing.Nodes;
using Templating.V1;

namespace Templating.IntegrationTests.Node;

/// <summary>Processes that are killed at bad moments.</summary>
public sealed class ProcessFaultTests : NodeTest
{
    [Fact]
    public async Task QemuKilledWhileATemplateBootsEndsTheBuild()
    {
        await using var node = await TestNode.StartEmptyAsync();
        var building = node.Client.BuildAsync("web", GuestSpecs.Web(), Limit, told: step =>
        {
            if (step.Message.StartsWith("Waiting", StringComparison.Ordinal))
            {
                Signals.Send(VmProcesses.Of(node.Folder.Run).ShouldHaveSingleItem(), Signals.Kill);
            }

            return Task.CompletedTask;
        });

        var failure = await FailsAsync(building, StatusCode.Unavailable, "QEMU_EXITED");

        failure.Message.ShouldContain("killed by signal 9");
        await NothingIsLeftAsync(node);
    }

    /// <summary>The moments fall before QEMU runs, while it starts, restores and takes its identity, and after.</summary>
    [Fact]
    public async Task QemuKilledAtAnyMomentOfAStartEndsTheCloneAndLeavesNothing()
    {
        await using var node = await TestNode.StartAsync();
        var failures = 0;
        foreach (var delay in (int[])[0, 0, 5, 10, 20, 30, 40, 50, 60, 70, 80, 100, 130, 170, 220, 300])
        {
            var creating = node.Client.CloneAsync(Limit);
            var pid = await VmProcesses.FirstOfAsync(node.Folder.Run, Limit);
            await Task.Delay(TimeSpan.FromMilliseconds(delay), TimeProvider.System, Limit);
            Signals.Send(pid, Signals.Kill);
            try
            {
                await WaitFailedAsync(node, await creating);
                await node.CleanAsync(Limit);
            }
            catch (TemplatingClientException e)
            {
                failures++;
                e.Code.ShouldBe(StatusCode.Unavailable, e.Message);
                e.Reason.ShouldBe("QEMU_EXITED", $"after {delay} ms: {e.Message}");
                e.Message.ShouldContain("signal 9", customMessage: $"after {delay} ms");
                e.Metadata["step"].ShouldBeOneOf("qemu_start", "restore", "resume", "identity");
            }

            await NothingIsLeftAsync(node);
        }

        failures.ShouldBeGreaterThan(0);
        (await node.Client.CloneAsync(Limit)).State.ShouldBe(CloneState.Running);
    }

    [Fact]
    public async Task QemuKilledWhileAGuestRunsMakesTheCloneFailedAndFreesItsMemory()
    {
        await using var node = await TestNode.StartAsync();
        var clone = await node.Client.CloneAsync(Limit);
        using var running = node.Client.Clones.ExecClone(cancellationToken: Limit);
        await running.RequestStream.WriteAsync(
            new ExecCloneRequest { Start = new ExecStart { Name = clone.Name, Arguments = { "sh", "-c", "echo on; sleep 1000" } } }, Limit);
        (await running.ResponseStream.MoveNext(Limit)).ShouldBeTrue();

        Signals.Send(clone.Pid, Signals.Kill).ShouldBeTrue();
        var failed = await WaitFailedAsync(node, clone);

        failed.StateReason.ShouldContain("killed by signal 9");
        failed.ChargedBytes.ShouldBe(0);
        (await FailsAsync(running.ResponseStream.MoveNext(Limit), StatusCode.Unavailable, "QEMU_EXITED")).Message.ShouldContain("signal 9");
        (await node.Client.Node.GetNodeAsync(new GetNodeRequest(), cancellationToken: Limit)).MemoryChargedBytes.ShouldBe(0);
    }

    [Fact]
    public async Task PauseThatWasToldToHaveFailedDoesNotHappenLater()
    {
        await using var node = await TestNode.StartAsync();
        var clone = await node.Client.CloneAsync(Limit);
        Signals.Send(clone.Pid, Signals.Stop).ShouldBeTrue();

        await FailsAsync(node.Client.Clones.PauseCloneAsync(new PauseCloneRequest { Name = clone.Name }, cancellationToken: Limit).ResponseAsync,
            StatusCode.Unavailable, "QMP_FAILED");
        Signals.Send(clone.Pid, Signals.Continue).ShouldBeTrue();

        (await node.Client.ShellAsync(clone, "echo on", Limit)).Output.ShouldBe("on\n");
        (await node.Client.GetAsync(clone, Limit)).State.ShouldBe(CloneState.Running);
        (await node.Client.Clones.PauseCloneAsync(new PauseCloneRequest { Name = clone.Name }, cancellationToken: Limit)).State.ShouldBe(CloneState.Paused);
    }

    private async Task<VmClone> WaitFailedAsync(TestNode node, VmClone clone)
    {
        using var watch = node.Client.Clones.WatchClones(new WatchClonesRequest { Parent = "tenants/-" }, cancellationToken: Limit);
        while (await watch.ResponseStream.MoveNext(Limit))
        {
            if (watch.ResponseStream.Current.Clone_ is { State: CloneState.Failed } failed && failed.Name == clone.Name)
            {
                return failed;
            }
        }

        throw new InvalidOperationException("The watch ended.");
    }
}
