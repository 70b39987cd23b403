using Grpc.Core;
using Templating.OwnerPort.Conversations;
using Templating.Testing;
using Templating.Testing.Nodes;
using Templating.V1;

namespace Templating.IntegrationTests.Node;

/// <summary>Real VMs live no longer than the real processes that own them.</summary>
public sealed class SandboxTests(SandboxNode fixture) : NodeTest, IClassFixture<SandboxNode>
{
    private TestNode Node => fixture.Node;

    [Fact]
    public async Task ASandboxRunsWhileItIsHeldAndARetryIsGivenTheSame()
    {
        using var owner = new SandboxOwner();
        using var first = await AcquireAsync("box", owner);
        first.Clone.ShouldSatisfyAllConditions(
            c => c.State.ShouldBe(CloneState.Running), c => c.Owner.Pid.ShouldBe(owner.Pid), c => c.Owner.Detached.ShouldBeFalse());
        (await Node.Client.ShellAsync(first.Clone, "cat /proc/sys/kernel/hostname", Limit)).Output.ShouldBe("box\n");

        using var second = await AcquireAsync("box", owner);

        (second.Clone.Pid, second.Clone.Identity.Generation).ShouldBe((first.Clone.Pid, first.Clone.Identity.Generation));
        (await first.EndedAsync()).ShouldBe("another call of its owner holds it now");
        VmProcesses.Of(Node.Folder.Run).ShouldBe([first.Clone.Pid]);
        await ReleaseAsync(second);
        (await second.EndedAsync()).ShouldBe("it was released");
        await NothingIsLeftAsync(Node);
    }

    [Fact]
    public async Task ACallThatBreaksOffEndsItsSandbox()
    {
        using var owner = new SandboxOwner();
        var call = await AcquireAsync("broken", owner);

        call.Dispose();

        await NothingIsLeftAsync(Node);
        await Eventually.UntilAsync(async () => (await ListAsync(Node)).Count == 0, "it is forgotten", cancellationToken: Limit);
    }

    [Fact]
    public async Task ADetachedSandboxOutlivesItsCallAndEndsWithItsOwner()
    {
        using var owner = new SandboxOwner();
        var call = await AcquireAsync("detached", owner);
        await call.DetachAsync();
        call.Dispose();
        // Another call comes and goes between: that one's end is no end either.
        (await AcquireAsync("detached", owner)).Dispose();
        var clone = await Node.Client.GetAsync(call.Clone, Limit);
        clone.ShouldSatisfyAllConditions(c => c.State.ShouldBe(CloneState.Running), c => c.Owner.Detached.ShouldBeTrue());

        await owner.KillAsync(Limit);

        await NothingIsLeftAsync(Node);
        await Eventually.UntilAsync(async () => (await ListAsync(Node)).Count == 0, "it is forgotten", cancellationToken: Limit);
    }

    [Fact]
    public async Task AnOwnerThatEndsWhileItsSandboxStartsLeavesNothing()
    {
        using var owner = new SandboxOwner();
        var acquiring = AcquireAsync("early", owner);
        await VmProcesses.FirstOfAsync(Node.Folder.Run, Limit);

        await owner.KillAsync(Limit);

        await TryAsync(acquiring);
        await NothingIsLeftAsync(Node);
    }

    [Fact]
    public async Task ACallThatBreaksOffWhileItsSandboxStartsLeavesNothing()
    {
        using var owner = new SandboxOwner();
        using var away = CancellationTokenSource.CreateLinkedTokenSource(Limit);
        var acquiring = SandboxCall.AcquireAsync(Node.Client, "away", owner.Pid, away.Token);
        await VmProcesses.FirstOfAsync(Node.Folder.Run, Limit);

        await away.CancelAsync();

        await TryAsync(acquiring);
        await NothingIsLeftAsync(Node);
        await Eventually.UntilAsync(async () => (await ListAsync(Node)).Count == 0, "it is forgotten", cancellationToken: Limit);
    }

    [Fact]
    public async Task TheGuestAnswersAtTheSocketThatItsOwnerIsToldAndNobodyElseMayOpenIt()
    {
        using var owner = new SandboxOwner();
        using var call = await AcquireAsync("port", owner);
        var port = call.Sandbox.Connection.OwnerPort;

        await using (var guest = await OwnerPortConnection.ConnectAsync(port, options: null, Limit))
        {
            guest.Limits.ShouldBe(new GuestLimits(1_114_112, 64, 262_144, 65_536));
        }

        File.GetUnixFileMode(port).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.GetUnixFileMode(Path.GetDirectoryName(port)!).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        call.Sandbox.Room.ShouldSatisfyAllConditions(
            r => r.FreePorts.ShouldBe(16), r => r.MemoryBytes.ShouldBe(call.Sandbox.Room.MaxMemoryBytes), r => r.Vcpus.ShouldBe(1));
        (await Node.Client.Sandboxes.GetSandboxAsync(new GetSandboxRequest { Name = call.Clone.Name }, cancellationToken: Limit)).ShouldBe(call.Sandbox);
        await ReleaseAsync(call);
        File.Exists(port).ShouldBeFalse();
        await NothingIsLeftAsync(Node);
    }

    [Fact]
    public async Task WhoWaitsForRunningAloneDetachesWhenItIsReady()
    {
        using var owner = new SandboxOwner();
        using var call = await AcquireAsync("early-on", owner, a => a.WaitFor = WaitFor.Running);
        call.Clone.State.ShouldBe(CloneState.Running);

        await call.DetachAsync();

        var clone = await Node.Client.GetAsync(call.Clone, Limit);
        clone.ShouldSatisfyAllConditions(c => c.ReadyTime.ShouldNotBeNull(), c => c.Owner.Detached.ShouldBeTrue());
        await owner.KillAsync(Limit);
        await NothingIsLeftAsync(Node);
    }

    [Fact]
    public async Task NobodyElseGetsASandboxAndNoOtherTemplateMakesOne()
    {
        using var owner = new SandboxOwner();
        using var other = new SandboxOwner();
        using var call = await AcquireAsync("mine", owner);

        await FailsAsync(AcquireAsync("mine", other), StatusCode.AlreadyExists, "SANDBOX_OWNED");
        await FailsAsync(AcquireAsync("mine", owner, a => a.Spec.Hostname = "another"), StatusCode.AlreadyExists, "REQUEST_ID_REUSED");
        await FailsAsync(AcquireAsync("plain", owner, a => a.Spec.Template = PreparedStore.Template), StatusCode.FailedPrecondition, "SANDBOX_UNSUPPORTED");
        await other.KillAsync(Limit);
        await FailsAsync(AcquireAsync("late", other), StatusCode.FailedPrecondition, "SANDBOX_OWNER_GONE");

        (await Node.Client.GetAsync(call.Clone, Limit)).State.ShouldBe(CloneState.Running);
        await ReleaseAsync(call);
        await NothingIsLeftAsync(Node);
    }

    [Fact]
    public async Task AKilledDaemonEndsWhatWasNotDetachedAndNothingElse()
    {
        using var owner = new SandboxOwner();
        using var gone = new SandboxOwner();
        using var kept = await AcquireAsync("kept", owner);
        using var held = await AcquireAsync("held", owner);
        using var orphan = await AcquireAsync("orphan", gone);
        await kept.DetachAsync();
        await orphan.DetachAsync();

        await Node.Daemon.KillAsync(Limit);
        await gone.KillAsync(Limit);
        await Node.RestartAsync();

        await Eventually.UntilAsync(async () => (await ListAsync(Node)).Count == 1, "the others are gone", cancellationToken: Limit);
        VmProcesses.Of(Node.Folder.Run).ShouldBe([kept.Clone.Pid]);
        using (var again = await AcquireAsync("kept", owner))
        {
            again.Clone.Pid.ShouldBe(kept.Clone.Pid);
        }

        (await Node.Client.ShellAsync(kept.Clone, "echo alive", Limit)).Output.ShouldBe("alive\n");
        await owner.KillAsync(Limit);
        await NothingIsLeftAsync(Node);
    }

    /// <summary>A connection's streams are used again: what one call leaves undone, the next would suffer.</summary>
    [Fact]
    public async Task CallsThatAreToldOfAnEndHarmNoneThatComeAfterThemOnTheirConnection()
    {
        using var owner = new SandboxOwner();
        for (var round = 0; round < 20; round++)
        {
            using var call = await AcquireAsync("again", owner);
            await ReleaseAsync(call);
            (await call.EndedAsync()).ShouldBe("it was released");
        }

        await NothingIsLeftAsync(Node);
    }

    [Fact]
    public async Task ItsQemuIsInTheControlGroupsItWasGivenAndARefusedOneLeavesNothing()
    {
        using var owner = new SandboxOwner();
        using var groups = new TestCgroups();

        using (var call = await AcquireAsync("grouped", owner, a => a.Cgroups.AddRange(groups.Folders)))
        {
            foreach (var folder in groups.Folders)
            {
                File.ReadAllLines(Path.Combine(folder, "cgroup.procs")).ShouldBe([$"{call.Clone.Pid}"], folder);
            }

            await ReleaseAsync(call);
        }

        await FailsAsync(AcquireAsync("none", owner, a => a.Cgroups.Add("/sys/fs/cgroup/no/such")), StatusCode.FailedPrecondition, "CGROUP_UNUSABLE");
        await FailsAsync(AcquireAsync("outside", owner, a => a.Cgroups.Add("/sys/fs/cgroup/../../etc")), StatusCode.InvalidArgument, "INVALID_ARGUMENT");
        await NothingIsLeftAsync(Node);
    }

    private Task<SandboxCall> AcquireAsync(string id, SandboxOwner owner, Action<AcquireSandbox>? change = null) =>
        SandboxCall.AcquireAsync(Node.Client, id, owner.Pid, Limit, change);

    private async Task ReleaseAsync(SandboxCall call) =>
        await Node.Client.Sandboxes.ReleaseSandboxAsync(new ReleaseSandboxRequest { Name = call.Clone.Name }, cancellationToken: Limit);
}
