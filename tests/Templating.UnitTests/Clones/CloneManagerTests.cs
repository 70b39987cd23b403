using Templating.Core.Building;
using Templating.Core.Clones;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Core.Names;
using Templating.Core.Vms;
using Templating.Testing;
using Templating.Testing.Fakes;

namespace Templating.UnitTests.Clones;

public sealed class CloneManagerTests : IAsyncLifetime
{
    private readonly FakeNode _node = new(budgetMiB: 8192);

    public async Task InitializeAsync()
    {
        await _node.StartAsync();
        await _node.BuildAsync();
    }

    public async Task DisposeAsync() => await _node.DisposeAsync();

    [Fact]
    public async Task ACloneIsReadyOnlyWhenItsGuestConfirmedItsIdentity()
    {
        var identified = false;
        _node.Vmm.OnStep = (step, vm, _) =>
        {
            identified |= step == "identify";
            return Task.CompletedTask;
        };

        var clone = await CreateAsync();

        identified.ShouldBeTrue();
        clone.State.ShouldBe(VmState.Running);
        clone.ReadyAt.ShouldNotBeNull();
        clone.Identity!.Hostname.ShouldBe(clone.Name.Id);
        clone.Phases.Select(p => p.Name).ShouldBe(["queue", "verify", "qemu_start", "restore", "resume", "identity"]);
    }

    [Fact]
    public async Task NoTwoClonesShareAnIdentity()
    {
        var clones = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => CreateAsync()));

        clones.Select(c => c.Name.Id).Distinct().Count().ShouldBe(20);
        clones.Select(c => c.Generation).Distinct().Count().ShouldBe(20);
        clones.Select(c => c.Identity!.MachineId).Distinct().Count().ShouldBe(20);
        _node.Vmm.Vms.Where(v => v.Identity is not null).Select(v => Convert.ToHexString(v.Identity!.Seed.Span)).Distinct().Count().ShouldBe(20);
    }

    [Theory]
    [InlineData("prepare")]
    [InlineData("restore")]
    [InlineData("resume")]
    [InlineData("identify")]
    public async Task AFailureAtAnyStepLeavesNothingBehind(string step)
    {
        _node.Vmm.FailAt(step, ErrorCode.QemuExited, "QEMU ended.");

        var failure = await Should.ThrowAsync<TemplatingException>(() => CreateAsync());

        failure.Code.ShouldBe(ErrorCode.QemuExited);
        failure.Details["step"].ShouldBe(step switch { "prepare" => "qemu_start", "identify" => "identity", _ => step });
        AssertNothingLeft();
    }

    [Theory]
    [InlineData("prepare")]
    [InlineData("restore")]
    [InlineData("identify")]
    public async Task ACallerWhoGoesAwayTakesTheCloneWithIt(string step)
    {
        using var away = new CancellationTokenSource();
        var reached = new TaskCompletionSource();
        _node.Vmm.OnStep = async (s, _, ct) =>
        {
            if (s == step)
            {
                reached.SetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, ct);
            }
        };
        var create = _node.Clones.CreateAsync(Request(), away.Token);
        await reached.Task;

        await away.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => create);
        AssertNothingLeft();
    }

    [Fact]
    public async Task ATemplateOfAnotherTenantIsNotFound() =>
        (await Should.ThrowAsync<TemplatingException>(() => CreateAsync(Request() with { Template = new TemplateName("b", "t") })))
            .Code.ShouldBe(ErrorCode.TemplateNotFound);

    [Fact]
    public async Task ATemplateOfAnotherQemuIsStaleAndNeverCloned()
    {
        _node.Vmm.Info = _node.Vmm.Info with { Version = "10.1.0 (Fake)" };

        var refusal = await Should.ThrowAsync<TemplatingException>(() => CreateAsync());

        refusal.Code.ShouldBe(ErrorCode.TemplateStale);
        refusal.Message.ShouldContain("it was made by QEMU 10.0.2 (Fake), and this node has 10.1.0 (Fake)");
        var template = _node.Templates.Get(new TemplateName("a", "t"), null);
        template.State.ShouldBe(TemplateState.Stale);
        AssertNothingLeft();
    }

    [Fact]
    public async Task AnIdIsTakenUntilItsCloneIsDeleted()
    {
        var first = await CreateAsync(Request() with { Id = "one" });

        (await Should.ThrowAsync<TemplatingException>(() => CreateAsync(Request() with { Id = "one" })))
            .Code.ShouldBe(ErrorCode.CloneAlreadyExists);
        _node.Clones.Get(first.Name).State.ShouldBe(VmState.Running);

        await _node.Clones.DeleteAsync(first.Name, TimeSpan.Zero, CancellationToken.None);
        (await CreateAsync(Request() with { Id = "one" })).Name.ShouldBe(first.Name);
    }

    [Fact]
    public async Task TwoTenantsMayUseTheSameIdAndDoNotLearnOfEachOther()
    {
        await _node.BuildAsync(tenant: "b");
        var one = await CreateAsync(Request() with { Id = "one" });
        var other = await CreateAsync(Request() with { Template = new TemplateName("b", "t"), Id = "one" });

        other.Name.ShouldBe(new CloneName("b", "one"));
        _node.Clones.List("a").ShouldHaveSingleItem().Name.ShouldBe(one.Name);
        Should.Throw<TemplatingException>(() => _node.Clones.Get(new CloneName("b", "two"))).Code.ShouldBe(ErrorCode.CloneNotFound);
    }

    [Fact]
    public async Task ARetryWithTheSameRequestIdReturnsTheFirstCloneAlsoAfterARestart()
    {
        var request = Request() with { RequestId = Guid.NewGuid() };
        var first = await CreateAsync(request);
        (await CreateAsync(request)).Name.ShouldBe(first.Name);

        await using var next = await _node.RestartAsync();

        (await next.Clones.CreateAsync(request, CancellationToken.None)).Name.ShouldBe(first.Name);
        next.Clones.List(null).Count.ShouldBe(1);
        (await Should.ThrowAsync<TemplatingException>(() => next.Clones.CreateAsync(request with { Hostname = "x" }, CancellationToken.None)))
            .Code.ShouldBe(ErrorCode.RequestIdReused);
    }

    [Fact]
    public async Task APausedCloneCanBeResumedButNotPausedIntoSomethingElse()
    {
        var clone = await CreateAsync();

        (await _node.Clones.PauseAsync(clone.Name, CancellationToken.None)).State.ShouldBe(VmState.Paused);
        (await _node.Clones.PauseAsync(clone.Name, CancellationToken.None)).State.ShouldBe(VmState.Paused);
        (await Should.ThrowAsync<TemplatingException>(async () =>
        {
            await foreach (var output in _node.Clones.ExecAsync(clone.Name, new GuestCommand { Arguments = ["true"] }, null, CancellationToken.None))
            {
                output.ShouldBeNull();
            }
        })).Code.ShouldBe(ErrorCode.IllegalState);
        (await _node.Clones.ResumeAsync(clone.Name, CancellationToken.None)).State.ShouldBe(VmState.Running);
    }

    [Theory]
    [InlineData(true, false, VmState.Stopped, "it ended")]
    [InlineData(false, false, VmState.Failed, "it ended")]
    [InlineData(true, true, VmState.Failed, "it ended")]
    public async Task ACloneThatEndsIsStillShownWithItsReasonAndHoldsNothing(bool guestRequested, bool panicked, VmState expected, string reason)
    {
        var clone = await CreateAsync();
        var changes = _node.Clones.WatchAsync(CancellationToken.None);

        _node.Vmm.Vms.Single(v => v.Process.Pid == clone.Pid).End("it ended", guestRequested, panicked);

        await foreach (var change in changes)
        {
            change.Item.State.ShouldBe(expected);
            change.Item.StateReason.ShouldBe(reason);
            break;
        }

        _node.Capacity.View.ChargedBytes.ShouldBe(0);
        _node.Leases.Count(clone.Template).ShouldBe(0);
    }

    [Fact]
    public async Task TheConsoleOfACloneThatEndedIsThereUntilItIsDeletedAlsoAfterARestart()
    {
        var clone = await CreateAsync();
        var vm = _node.Vmm.Vms.Single(v => v.Process.Pid == clone.Pid);
        vm.Printed = "last words"u8.ToArray();
        vm.End("it ended", guestRequested: false);
        await Eventually.UntilAsync(() => _node.Clones.Get(clone.Name).State == VmState.Failed, "the clone ended");

        _node.Clones.OpenConsole(clone.Name).ReadTail().ShouldBe("last words"u8.ToArray());
        (await _node.Clones.OpenConsole(clone.Name).ReadAsync(CancellationToken.None).AnyAsync()).ShouldBeFalse();
        await using var next = await _node.RestartAsync();
        next.Clones.OpenConsole(clone.Name).ReadTail().ShouldBe("last words"u8.ToArray());
        await next.Clones.DeleteAsync(clone.Name, TimeSpan.Zero, CancellationToken.None);
        next.RunFolders.ShouldBeEmpty();
    }

    [Fact]
    public async Task ACloneReturnedWhenRunningBecomesReadyWhileItsCallerGoesOn()
    {
        var gate = new TaskCompletionSource();
        _node.Vmm.OnStep = (step, _, _) => step == "identify" ? gate.Task : Task.CompletedTask;

        var running = await CreateAsync(Request() with { ReturnWhenRunning = true });
        var changes = _node.Clones.WatchAsync(CancellationToken.None);
        running.State.ShouldBe(VmState.Running);
        running.ReadyAt.ShouldBeNull();
        gate.SetResult();

        await foreach (var change in changes)
        {
            change.Item.ReadyAt.ShouldNotBeNull();
            break;
        }
    }

    [Fact]
    public async Task ACloneReturnedWhenRunningThatIsNeverConfirmedEndsAsFailed()
    {
        var gate = new TaskCompletionSource();
        _node.Vmm.OnStep = async (step, _, _) =>
        {
            if (step == "identify")
            {
                await gate.Task;
                throw new TemplatingException(ErrorCode.IdentityNotConfirmed, "The guest said nothing.");
            }
        };

        var running = await CreateAsync(Request() with { ReturnWhenRunning = true });
        var changes = _node.Clones.WatchAsync(CancellationToken.None);
        gate.SetResult();

        await foreach (var change in changes)
        {
            change.Item.State.ShouldBe(VmState.Failed);
            change.Item.StateReason.ShouldBe("The guest said nothing.");
            break;
        }

        _node.Vmm.Vms.Single(v => v.Process.Pid == running.Pid).Killed.ShouldBeTrue();
        _node.Capacity.View.ChargedBytes.ShouldBe(0);
    }

    [Fact]
    public async Task NoMoreClonesStartAtOnceThanAllowedAndAllOfFiftyBecomeReady()
    {
        var now = 0;
        var most = 0;
        var four = new TaskCompletionSource();
        _node.Vmm.OnStep = async (step, _, _) =>
        {
            if (step == "prepare")
            {
                InterlockedMax(ref most, Interlocked.Increment(ref now));
                if (Volatile.Read(ref most) == 4)
                {
                    four.TrySetResult();
                }

                await four.Task;
            }
            else if (step == "identify")
            {
                Interlocked.Decrement(ref now);
            }
        };

        var clones = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => CreateAsync())).Soonest();

        clones.ShouldAllBe(c => c.ReadyAt != null);
        most.ShouldBe(4);
    }

    [Fact]
    public async Task ADaemonAdoptsRunningClonesAndSaysWhatBecameOfTheOthers()
    {
        var living = await CreateAsync();
        var dead = await CreateAsync();
        var next = await RestartAfterAsync(() => _node.Vmm.Vms.Single(v => v.Process.Pid == dead.Pid).End("gone", false));
        await using var owned = next;

        next.Clones.Get(living.Name).State.ShouldBe(VmState.Running);
        var lost = next.Clones.Get(dead.Name);
        lost.State.ShouldBe(VmState.Failed);
        lost.StateReason.ShouldContain("while no daemon was running");
        next.Capacity.View.ChargedBytes.ShouldBe(living.ChargedBytes);
        next.Leases.Count(living.Template).ShouldBe(1);
        await next.Clones.DeleteAsync(living.Name, TimeSpan.Zero, CancellationToken.None);
        await next.Clones.DeleteAsync(dead.Name, TimeSpan.Zero, CancellationToken.None);
        next.RunFolders.ShouldBeEmpty();
    }

    [Fact]
    public async Task AStoppingDaemonStartsNothingAndDoesNotWaitForeverForAnIdentity()
    {
        _node.Vmm.OnStep = (step, _, ct) => step == "identify" ? Task.Delay(Timeout.InfiniteTimeSpan, ct) : Task.CompletedTask;
        var clone = await CreateAsync(Request() with { ReturnWhenRunning = true });

        await using var next = await _node.RestartAsync();

        (await Should.ThrowAsync<TemplatingException>(() => CreateAsync())).Code.ShouldBe(ErrorCode.ShuttingDown);
        next.Clones.List(null).ShouldBeEmpty("the next daemon ends what was never ready");
        next.Vmm.Reaped.ShouldNotBeEmpty();
        clone.ReadyAt.ShouldBeNull();
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("""{"formatVersion":2}""")]
    [InlineData("""{"formatVersion":1,"surprise":true}""")]
    public async Task AFolderWhoseRecordCannotBeReadIsReapedAndRemoved(string record)
    {
        var folder = Path.Combine(_node.Options.ClonesFolder, "0123456789abcdef");
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, "clone.json"), record);

        await using var next = await _node.RestartAsync();

        next.Vmm.Reaped.ShouldContain(f => f.Path == folder);
        Directory.Exists(folder).ShouldBeFalse();
        next.Clones.List(null).ShouldBeEmpty();
    }

    private static void InterlockedMax(ref int target, int value)
    {
        int seen;
        while ((seen = Volatile.Read(ref target)) < value && Interlocked.CompareExchange(ref target, value, seen) != seen)
        {
        }
    }

    /// <summary>Lets something happen while no daemon runs.</summary>
    private async Task<FakeNode> RestartAfterAsync(Action meanwhile)
    {
        await _node.Clones.DisposeAsync();
        meanwhile();
        return await _node.RestartAsync();
    }

    private CreateClone Request() => new() { Template = new TemplateName("a", "t") };

    private Task<CloneView> CreateAsync(CreateClone? request = null) =>
        _node.Clones.CreateAsync(request ?? Request(), CancellationToken.None);

    private void AssertNothingLeft()
    {
        _node.Clones.List(null).ShouldBeEmpty();
        _node.RunFolders.ShouldBeEmpty();
        _node.Capacity.View.ChargedBytes.ShouldBe(0);
        _node.Capacity.View.Clones.ShouldBe(0);
        _node.Leases.Count(_node.Templates.Get(new TemplateName("a", "t"), null).Name).ShouldBe(0);
        _node.Vmm.Vms.ShouldAllBe(v => v.Killed);
    }
}
