using Google.Protobuf.WellKnownTypes;
using Templating.Api.Client;
using Templating.Testing.Nodes;
using Templating.V1;

namespace Templating.IntegrationTests.Node;

/// <summary>Real clones that end by themselves.</summary>
public sealed class LifetimeTests(SharedNode shared) : SharedNodeTest(shared)
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(3);

    [Fact]
    public async Task ACloneIsStoppedWhenItsTtlIsOverAndItsQemuIsGone()
    {
        using var watch = await WatchAsync(Client);
        var clone = await CloneAsync();
        var begun = TimeProvider.System.GetTimestamp();
        (await Client.Clones.ExtendCloneAsync(new ExtendCloneRequest { Name = clone.Name, Ttl = Seconds(2) }, cancellationToken: Limit)).ExpireTime.ShouldNotBeNull();

        var ended = await EndOfAsync(watch, clone);

        TimeProvider.System.GetElapsedTime(begun).ShouldBeGreaterThan(TimeSpan.FromSeconds(2));
        ended.StateReason.ShouldBe("expired: its ttl is over; the guest powered off");
        ended.ChargedBytes.ShouldBe(0);
        VmProcesses.Of(Node.Folder.Run).ShouldNotContain(clone.Pid);
    }

    [Fact]
    public async Task AnExtensionKeepsACloneAndATimeEndsIt()
    {
        using var watch = await WatchAsync(Client);
        // Long enough for its start, short enough to be waited for.
        var clone = await CloneAsync(request => request.Spec.Ttl = Seconds(60));
        var at = Timestamp.FromDateTimeOffset(TimeProvider.System.GetUtcNow() + Wait);
        (await Client.Clones.ExtendCloneAsync(new ExtendCloneRequest { Name = clone.Name, ExpireTime = at }, cancellationToken: Limit)).ExpireTime.ShouldBe(at);

        var ended = await EndOfAsync(watch, clone);

        TimeProvider.System.GetUtcNow().ShouldBeGreaterThanOrEqualTo(at.ToDateTimeOffset());
        ended.StateReason.ShouldBe("expired: its expire_time has come; the guest powered off");
    }

    [Fact]
    public async Task AProgramUnderWayKeepsAnIdleClone()
    {
        using var watch = await WatchAsync(Client);
        var clone = await CloneAsync(request => request.Spec.IdleLimit = Seconds(1));

        // Three times its idle limit.
        (await ShellAsync(clone, "sleep 3; echo done")).Output.ShouldBe("done\n");

        (await EndOfAsync(watch, clone)).StateReason.ShouldBe("expired: it was idle for its idle_limit; the guest powered off");
    }

    [Fact]
    public async Task ARestartOfTheDaemonKeepsTheDeadline()
    {
        await using var node = await TestNode.StartAsync();
        var soon = await node.Client.CloneAsync(Limit);
        var late = await node.Client.CloneAsync(Limit, request => request.Spec.Ttl = Seconds(600));
        await node.Client.Clones.ExtendCloneAsync(new ExtendCloneRequest { Name = soon.Name, Ttl = Seconds(1) }, cancellationToken: Limit);
        await node.Daemon.KillAsync(Limit);
        await node.RestartAsync();
        using var watch = await WatchAsync(node.Client);

        (await EndOfAsync(watch, soon)).StateReason.ShouldStartWith("expired: its ttl is over");

        (await node.Client.GetAsync(late, Limit)).ShouldSatisfyAllConditions(
            c => c.State.ShouldBe(CloneState.Running), c => c.ExpireTime.ShouldBe(late.ExpireTime));
    }

    private async Task<Grpc.Core.AsyncServerStreamingCall<WatchClonesResponse>> WatchAsync(TemplatingClient client)
    {
        var watch = client.Clones.WatchClones(new WatchClonesRequest { Parent = "tenants/-" }, cancellationToken: Limit);
        (await watch.ResponseStream.MoveNext(Limit)).ShouldBeTrue();
        return watch;
    }

    /// <summary>As the watcher is told of it, however it was before.</summary>
    private async Task<VmClone> EndOfAsync(Grpc.Core.AsyncServerStreamingCall<WatchClonesResponse> watch, VmClone clone)
    {
        do
        {
            if (watch.ResponseStream.Current.Clone_ is { State: CloneState.Stopped or CloneState.Failed } ended && ended.Name == clone.Name)
            {
                ended.State.ShouldBe(CloneState.Stopped);
                return ended;
            }
        }
        while (await watch.ResponseStream.MoveNext(Limit));

        throw new InvalidOperationException("The watch ended.");
    }

    private static Duration Seconds(long seconds) => new() { Seconds = seconds };
}
