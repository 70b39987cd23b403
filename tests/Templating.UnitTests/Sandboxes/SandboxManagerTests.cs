using Templating.Core.Clones;
using Templating.Core.Errors;
using Templating.Core.Names;
using Templating.Core.Sandboxes;
using Templating.Core.Vms;
using Templating.Testing;
using Templating.Testing.Fakes;

namespace Templating.UnitTests.Sandboxes;

public sealed class SandboxManagerTests : IAsyncLifetime
{
    private const int Owner = 100;
    private const int Other = 200;

    private readonly FakeNode _node = new();

    public async Task InitializeAsync()
    {
        await _node.StartAsync();
        var request = _node.Request();
        await _node.Templates.CreateAsync(request with { Spec = request.Spec with { Sandbox = true } }, null, CancellationToken.None);
        _node.Processes.Begin(Owner);
        _node.Processes.Begin(Other);
    }

    public async Task DisposeAsync() => await _node.DisposeAsync();

    [Fact]
    public async Task AnOwnersEndIsItsSandboxsToo()
    {
        using var hold = await AcquireAsync();
        hold.Detach();

        _node.Processes.End(Owner);

        (await hold.Ended).ShouldBe("its owner, process 100, has ended");
        NothingIsLeft(_node);
    }

    [Fact]
    public async Task ACallThatEndsBeforeItDetachedEndsItsSandbox()
    {
        var hold = await AcquireAsync();

        hold.Dispose();

        (await hold.Ended).ShouldBe("the call that held it ended");
        NothingIsLeft(_node);
    }

    [Fact]
    public async Task ADetachedSandboxLivesOnWithoutACallAndEndsWhenItIsReleased()
    {
        var hold = await AcquireAsync();
        hold.Detach();
        hold.Detach();
        hold.Dispose();

        _node.Clones.Get(hold.Clone.Name).Owner.ShouldNotBeNull().Detached.ShouldBeTrue();
        (await _node.Sandboxes.ReleaseAsync(hold.Clone.Name, TimeSpan.Zero, CancellationToken.None)).Reason.ShouldBe("it was released");
        NothingIsLeft(_node);
    }

    [Fact]
    public async Task ARetryOfTheOwnerIsGivenTheSameSandboxAndTakesItsPlace()
    {
        var first = await AcquireAsync();

        using var second = await AcquireAsync();

        second.Clone.Generation.ShouldBe(first.Clone.Generation);
        (await first.Ended).ShouldBe("another call of its owner holds it now");
        Should.Throw<TemplatingException>(first.Detach).Code.ShouldBe(ErrorCode.IllegalState);
        first.Dispose();
        _node.Clones.List(null).ShouldHaveSingleItem().Generation.ShouldBe(second.Clone.Generation);
        second.Ended.IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public async Task AtOnceOneOwnerGetsOneSandboxAndTheOtherIsRefused()
    {
        var tries = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(() => TryAsync(i % 2 == 0 ? Owner : Other))));

        var held = tries.Select(t => t.Hold).OfType<SandboxHold>().ToList();
        held.Select(h => h.Clone.Owner!.Process.Pid).Distinct().ShouldHaveSingleItem();
        held.Select(h => h.Clone.Generation).Distinct().ShouldHaveSingleItem();
        held.Count.ShouldBe(10);
        tries.Where(t => t.Hold is null).ShouldAllBe(t => t.Refusal == ErrorCode.SandboxOwned);
        held.Count(h => !h.Ended.IsCompleted).ShouldBe(1);
        _node.Clones.List(null).Count.ShouldBe(1);
    }

    [Fact]
    public async Task AnotherRequestUnderItsIdIsRefused()
    {
        using var hold = await AcquireAsync();

        var refusal = await Should.ThrowAsync<TemplatingException>(AcquireAsync(change: start => start with { Hostname = "other" }));

        refusal.Code.ShouldBe(ErrorCode.RequestIdReused);
        hold.Ended.IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public async Task WhatIsLeftOfASandboxThatEndsIsWaitedForAndThenItsIdIsFree()
    {
        var first = await AcquireAsync();
        first.Dispose();

        using var second = await AcquireAsync(Other);

        second.Clone.Generation.ShouldNotBe(first.Clone.Generation);
    }

    [Fact]
    public async Task WhoCancelsItsStartGetsNothingAndNothingIsLeft()
    {
        using var away = new CancellationTokenSource();
        await away.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(AcquireAsync(cancellationToken: away.Token));

        NothingIsLeft(_node);
    }

    [Fact]
    public async Task ATemplateThatIsNoneForSandboxesIsRefused()
    {
        await _node.BuildAsync(name: "plain");

        var refusal = await Should.ThrowAsync<TemplatingException>(AcquireAsync(change: start => start with { Template = new TemplateName("a", "plain") }));

        (refusal.Code, refusal.Message).ShouldSatisfyAllConditions(
            r => r.Code.ShouldBe(ErrorCode.SandboxUnsupported), r => r.Message.ShouldContain("sandbox: true"));
        NothingIsLeft(_node);
    }

    [Fact]
    public async Task NobodyNamesAProcessThatIsNotThereOrNotItsOwn()
    {
        (await Should.ThrowAsync<TemplatingException>(AcquireAsync(300))).Code.ShouldBe(ErrorCode.SandboxOwnerGone);
        (await Should.ThrowAsync<TemplatingException>(AcquireAsync(by: new Claimant(1, 7)))).Code.ShouldBe(ErrorCode.PermissionDenied);
        NothingIsLeft(_node);

        (await AcquireAsync(by: new Claimant(1, FakeProcesses.User))).Dispose();
        (await AcquireAsync(by: new Claimant(Owner, 7))).Dispose();
    }

    [Fact]
    public async Task ADetachThatCannotBeWrittenDownIsRefusedAndTheCallsEndIsStillItsEnd()
    {
        var hold = await AcquireAsync();
        // In the place of the file that its record is written to first.
        var blocked = Directory.CreateDirectory(Path.Combine(_node.RunFolders.ShouldHaveSingleItem(), "clone.json.new"));

        Should.Throw<UnauthorizedAccessException>(hold.Detach);

        _node.Clones.Get(hold.Clone.Name).Owner.ShouldNotBeNull().Detached.ShouldBeFalse();
        blocked.Delete();
        hold.Dispose();
        await hold.Ended;
        NothingIsLeft(_node);
    }

    [Fact]
    public async Task WhatRunsAndIsNotReadyIsNotDetachedAndWhoWaitsForReadyIsToldThen()
    {
        var identity = new TaskCompletionSource();
        _node.Vmm.OnStep = (step, _, _) => step == "identify" ? identity.Task : Task.CompletedTask;
        var early = await AcquireAsync(change: start => start with { ReturnWhenRunning = true });

        (early.Clone.State, early.Clone.ReadyAt, early.Ready.IsCompleted).ShouldBe((VmState.Running, null, false));
        Should.Throw<TemplatingException>(early.Detach).Code.ShouldBe(ErrorCode.IllegalState);
        var late = AcquireAsync();
        (await early.Ended).ShouldBe("another call of its owner holds it now");
        late.IsCompleted.ShouldBeFalse();

        identity.SetResult();
        using var hold = await late;
        hold.Clone.ReadyAt.ShouldNotBeNull();
        await early.Ready;
        hold.Detach();
    }

    [Fact]
    public async Task AnIdentityThatFailsAfterItsCallWasToldRunningIsTold()
    {
        var identity = new TaskCompletionSource();
        _node.Vmm.OnStep = (step, _, _) => step == "identify" ? identity.Task : Task.CompletedTask;
        var hold = await AcquireAsync(change: start => start with { ReturnWhenRunning = true });

        identity.SetException(new TemplatingException(ErrorCode.IdentityNotConfirmed, "It kept silent."));

        (await hold.Ended).ShouldContain("It kept silent.");
        await Should.ThrowAsync<TemplatingException>(() => hold.Ready);
        Should.Throw<TemplatingException>(hold.Detach);
        hold.Dispose();
        var left = _node.Sandboxes.Get(hold.Clone.Name);
        (left.Vm.State, left.OwnerPort, left.Room).ShouldBe((VmState.Failed, null, null));
    }

    [Fact]
    public async Task OnlyWhatWasDetachedAndHasItsOwnerLivesOnUnderTheNextDaemon()
    {
        _node.Processes.Begin(300);
        var kept = await AcquireAsync(id: "kept");
        kept.Detach();
        await AcquireAsync(id: "held");
        var orphan = await AcquireAsync(300, id: "orphan");
        orphan.Detach();
        _node.Processes.End(300);
        // Another process of the same number is not its owner.
        _node.Processes.Begin(300);

        await using var next = await _node.RestartAsync();

        await Eventually.UntilAsync(() => next.Clones.List(null).Count == 1, "the others are gone");
        next.Clones.List(null).ShouldHaveSingleItem().Generation.ShouldBe(kept.Clone.Generation);
        using var again = await next.Sandboxes.AcquireAsync(Request("kept", Owner), CancellationToken.None);
        again.Clone.Generation.ShouldBe(kept.Clone.Generation);
        next.Processes.End(Owner);
        await again.Ended;
        NothingIsLeft(next);
    }

    /// <summary>A daemon that is killed while it ends one leaves its record.</summary>
    [Fact]
    public async Task WhatEndedWhileNoDaemonRanIsKeptOnlyForAnOwnerThatCanAskForIt()
    {
        _node.Processes.Begin(300);
        foreach (var (id, owner) in new[] { ("kept", Owner), ("orphan", 300) })
        {
            (await AcquireAsync(owner, id)).Detach();
        }

        await AcquireAsync(id: "held");
        _node.Vmm.OnStep = (step, _, _) => step == "adopt" ? throw new IOException("It is gone.") : Task.CompletedTask;
        _node.Processes.End(300);

        await using var next = await _node.RestartAsync();

        await Eventually.UntilAsync(() => next.Clones.List(null).Count == 1, "the others are forgotten");
        next.Clones.List(null).ShouldHaveSingleItem().ShouldSatisfyAllConditions(c => c.Name.Id.ShouldBe("kept"), c => c.State.ShouldBe(VmState.Failed));
        await next.Sandboxes.ReleaseAsync(new CloneName("a", "kept"), TimeSpan.Zero, CancellationToken.None);
        NothingIsLeft(next);
    }

    [Fact]
    public async Task AnEndByItselfIsToldAndKeptLikeThatOfAnyClone()
    {
        using var hold = await AcquireAsync();

        await _node.Clones.DeleteAsync(hold.Clone.Name, TimeSpan.Zero, CancellationToken.None);

        await hold.Ended;
        using var next = await AcquireAsync(Other);
        next.Clone.Generation.ShouldNotBe(hold.Clone.Generation);
    }

    [Fact]
    public async Task ACloneThatNobodyOwnsIsNotReleased()
    {
        var clone = await _node.Clones.CreateAsync(new CreateClone { Template = new TemplateName("a", "t"), Id = "box" }, CancellationToken.None);

        (await Should.ThrowAsync<TemplatingException>(_node.Sandboxes.ReleaseAsync(clone.Name, TimeSpan.Zero, CancellationToken.None)))
            .Code.ShouldBe(ErrorCode.CloneNotFound);
        (await Should.ThrowAsync<TemplatingException>(AcquireAsync())).Code.ShouldBe(ErrorCode.CloneAlreadyExists);
        _node.Clones.List(null).Count.ShouldBe(1);
    }

    private static AcquireSandbox Request(string id, int owner, Claimant? by = null) => new()
    {
        Start = new CreateClone { Template = new TemplateName("a", "t"), Id = id },
        OwnerPid = owner,
        By = by ?? new Claimant(1, 0),
    };

    private Task<SandboxHold> AcquireAsync(
        int owner = Owner, string id = "box", Claimant? by = null, Func<CreateClone, CreateClone>? change = null, CancellationToken cancellationToken = default)
    {
        var request = Request(id, owner, by);
        return _node.Sandboxes.AcquireAsync(request with { Start = change?.Invoke(request.Start) ?? request.Start }, cancellationToken);
    }

    private async Task<(SandboxHold? Hold, ErrorCode? Refusal)> TryAsync(int owner)
    {
        try
        {
            return (await AcquireAsync(owner), null);
        }
        catch (TemplatingException e)
        {
            return (null, e.Code);
        }
    }

    private static void NothingIsLeft(FakeNode node)
    {
        node.Clones.List(null).ShouldBeEmpty();
        node.RunFolders.ShouldBeEmpty();
        node.Clones.Capacity.ChargedBytes.ShouldBe(0);
    }
}
