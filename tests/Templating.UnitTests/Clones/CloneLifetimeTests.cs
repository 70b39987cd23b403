using Templating.Core.Clones;
using Templating.Core.Errors;
using Templating.Core.Vms;
using Templating.Testing;

namespace Templating.UnitTests.Clones;

/// <summary>A clone ends by itself when its time is over, and not before: in order, and it says so.</summary>
public sealed class CloneLifetimeTests : CloneLifetimeTest
{
    [Fact]
    public async Task ACloneIsStoppedWhenItsTtlIsOverAndSaysSo()
    {
        var before = Wall.GetUtcNow();
        var clone = await CreateAsync(new Lifetime { Ttl = Minute });
        TimeSpan? grace = null;
        Node.Vmm.Vms[^1].OnStop = (given, _) =>
        {
            grace = given;
            Node.Vmm.Vms[^1].End("guest powered off", guestRequested: true);
            return Task.CompletedTask;
        };
        clone.ExpireAt!.Value.ShouldBeInRange(before + Minute, Wall.GetUtcNow() + Minute);
        Pass(Minute - Second);
        Node.Clones.Get(clone.Name).State.ShouldBe(VmState.Running);

        Pass(Second);

        var ended = await EndedAsync(clone);
        (ended.State, ended.StateReason, grace).ShouldBe((VmState.Stopped, "expired: its ttl is over; guest powered off", Node.Options.ExpiryGrace));
        await CountedAsync("TTL");
        Node.Capacity.View.Clones.ShouldBe(0);
    }

    [Fact]
    public async Task AGuestThatDoesNotPowerOffIsEndedAllTheSame()
    {
        var clone = await CreateAsync(new Lifetime { Ttl = Minute });

        Pass(Minute);

        (await EndedAsync(clone)).StateReason.ShouldBe("expired: its ttl is over; the guest did not power off in time and was killed");
    }

    [Fact]
    public async Task AWallClockThatIsSetNeitherEndsNorKeepsAClone()
    {
        var (ttl, time) = (await CreateAsync(new Lifetime { Ttl = Minute }), await CreateAsync(new Lifetime { ExpireAt = Wall.GetUtcNow() + Minute }));

        Wall.Step = TimeSpan.FromDays(1);
        Pass(TimeSpan.Zero);
        Node.Clones.List(null).ShouldAllBe(c => c.State == VmState.Running);
        Wall.Step = TimeSpan.FromDays(-1);
        Pass(Minute);

        (await EndedAsync(ttl)).StateReason.ShouldStartWith("expired: its ttl is over");
        (await EndedAsync(time)).StateReason.ShouldStartWith("expired: its expire_time has come");
    }

    [Fact]
    public async Task AnEndCanBePutOffBroughtForwardAndTakenAway()
    {
        var clone = await CreateAsync(new Lifetime { Ttl = Minute });
        var at = Wall.GetUtcNow() + (3 * Minute);
        var changes = Node.Clones.WatchAsync(CancellationToken.None).GetAsyncEnumerator();
        var change = changes.MoveNextAsync();
        Node.Clones.Extend(clone.Name, new Lifetime { ExpireAt = at }).ExpireAt.ShouldBe(at);
        (await change).ShouldBeTrue();
        changes.Current.Item.ExpireAt.ShouldBe(at);
        await changes.DisposeAsync();
        Pass(2 * Minute);
        Get(clone).State.ShouldBe(VmState.Running);
        Node.Clones.Extend(clone.Name, new Lifetime { NoExpiry = true }).ExpireAt.ShouldBeNull();
        Pass(10 * Minute);
        Get(clone).State.ShouldBe(VmState.Running);
        Node.Clones.Extend(clone.Name, new Lifetime { Ttl = Second });

        Pass(Second);

        await EndedAsync(clone);
    }

    [Fact]
    public async Task ACloneWhoseEndHasBegunIsNotExtended()
    {
        var clone = await CreateAsync(new Lifetime { Ttl = Minute });
        var stop = new TaskCompletionSource();
        Node.Vmm.Vms[^1].OnStop = (_, _) => stop.Task;
        Pass(Minute);

        var refusal = Should.Throw<TemplatingException>(() => Node.Clones.Extend(clone.Name, new Lifetime { Ttl = Minute }));

        refusal.Code.ShouldBe(ErrorCode.IllegalState);
        refusal.Message.ShouldContain("its ttl is over");
        stop.SetResult();
        await EndedAsync(clone);
        Should.Throw<TemplatingException>(() => Node.Clones.Extend(clone.Name, new Lifetime { Ttl = Minute })).Code.ShouldBe(ErrorCode.IllegalState);
    }

    [Fact]
    public async Task APausedCloneEndsAsAnyOther()
    {
        var clone = await CreateAsync(new Lifetime { Ttl = Minute });
        await Node.Clones.PauseAsync(clone.Name, CancellationToken.None);
        Node.Clones.Extend(clone.Name, new Lifetime { IdleLimit = Minute }).State.ShouldBe(VmState.Paused);

        Pass(Minute);

        (await EndedAsync(clone)).State.ShouldBe(VmState.Stopped);
    }

    [Fact]
    public async Task ACloneThatDoesNotAnswerEndsToo()
    {
        var clone = await CreateAsync(new Lifetime { Ttl = Minute });
        Node.Vmm.OnStep = (step, _, token) => step == "query" ? Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token) : Task.CompletedTask;
        await Node.Clones.LookAsync(CancellationToken.None);
        Get(clone).State.ShouldBe(VmState.NotAnswering);
        Node.Clones.Extend(clone.Name, new Lifetime { Ttl = 2 * Minute });
        Pass(Minute);
        Get(clone).State.ShouldBe(VmState.NotAnswering);

        Pass(Minute);

        (await EndedAsync(clone)).StateReason.ShouldStartWith("expired: its ttl is over");
    }

    [Fact]
    public async Task AStartThatTakesLongerThanItsClonesTtlIsBrokenOffAndLeavesNothing()
    {
        var reached = new TaskCompletionSource();
        Node.Vmm.OnStep = async (step, _, token) =>
        {
            reached.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
        };
        var creating = CreateAsync(new Lifetime { Ttl = Minute, IdleLimit = Second });
        await reached.Task.Soonest();
        Pass(Minute - Second);
        creating.IsCompleted.ShouldBeFalse("one that starts is not idle");

        Pass(Second);

        var refusal = await Should.ThrowAsync<TemplatingException>(creating.Soonest());
        (refusal.Code, refusal.Message).ShouldSatisfyAllConditions(
            r => r.Code.ShouldBe(ErrorCode.IllegalState), r => r.Message.ShouldContain("(expired: its ttl is over)"));
        Node.Clones.List(null).ShouldBeEmpty();
        Node.RunFolders.ShouldBeEmpty();
    }

    [Fact]
    public async Task ACloneThatIsBeingDeletedIsLeftToWhoDeletesIt()
    {
        var clone = await CreateAsync(new Lifetime { Ttl = Minute });
        var stop = new TaskCompletionSource();
        Node.Vmm.Vms[^1].OnStop = (_, _) => stop.Task;
        var deleting = Node.Clones.DeleteAsync(clone.Name, TimeSpan.FromMinutes(10), CancellationToken.None);

        Pass(Minute);
        Should.Throw<TemplatingException>(() => Node.Clones.Extend(clone.Name, new Lifetime { Ttl = Minute })).Message.ShouldContain("it is being deleted");
        deleting.IsCompleted.ShouldBeFalse();
        stop.SetResult();

        (await deleting.Soonest()).Reason.ShouldStartWith("told to stop");
    }

    [Fact]
    public async Task ADeleteHurriesAnEndThatHasBegun()
    {
        var clone = await CreateAsync(new Lifetime { Ttl = Minute });
        Node.Vmm.Vms[^1].OnStop = (_, token) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
        Pass(Minute);

        (await Node.Clones.DeleteAsync(clone.Name, TimeSpan.Zero, CancellationToken.None).Soonest()).State.ShouldBe(VmState.Stopped);

        Node.Clones.List(null).ShouldBeEmpty();
    }

    [Fact]
    public async Task ARetryWithAnotherLifetimeIsAnotherRequest()
    {
        var request = Request(new Lifetime { Ttl = Minute }) with { RequestId = Guid.NewGuid() };
        var clone = await Node.Clones.CreateAsync(request, CancellationToken.None);

        (await Node.Clones.CreateAsync(request with { }, CancellationToken.None)).Name.ShouldBe(clone.Name);
        (await Should.ThrowAsync<TemplatingException>(
            Node.Clones.CreateAsync(request with { Lifetime = Lifetime.Unsaid }, CancellationToken.None))).Code.ShouldBe(ErrorCode.RequestIdReused);
    }
}
