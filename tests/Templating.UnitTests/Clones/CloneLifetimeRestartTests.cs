using Templating.Core.Clones;
using Templating.Core.Errors;
using Templating.Core.Vms;

namespace Templating.UnitTests.Clones;

/// <summary>Lifetimes go on from daemon to daemon.</summary>
public sealed class CloneLifetimeRestartTests : CloneLifetimeTest
{
    [Fact]
    public async Task TheNextDaemonKeepsTheDeadlineWhateverTheWallClockSays()
    {
        var clone = await CreateAsync(new Lifetime { Ttl = 2 * Minute });
        Pass(Minute);
        await using var next = await Node.RestartAsync();
        next.Clones.Get(clone.Name).ShouldSatisfyAllConditions(c => c.State.ShouldBe(VmState.Running), c => c.ExpireAt.ShouldBe(clone.ExpireAt));
        Pass(Minute - Second, next);
        next.Clones.Get(clone.Name).State.ShouldBe(VmState.Running);

        Pass(Second, next);

        (await EndedAsync(clone, next)).StateReason.ShouldStartWith("expired: its ttl is over");
    }

    [Fact]
    public async Task AChangedDeadlineIsTheNextDaemonsToo()
    {
        var clone = await CreateAsync(new Lifetime { Ttl = Minute });
        Node.Clones.Extend(clone.Name, new Lifetime { Ttl = 5 * Minute, IdleLimit = 10 * Minute });
        await using var next = await Node.RestartAsync();
        next.Clones.Get(clone.Name).IdleLimit.ShouldBe(10 * Minute);

        Pass(4 * Minute, next);

        next.Clones.Get(clone.Name).State.ShouldBe(VmState.Running);
    }

    [Fact]
    public async Task ADeadlineThatWasChangedWhileItsVmWasSilentIsTheNextDaemonsToo()
    {
        var clone = await CreateAsync(new Lifetime { Ttl = Minute });
        Node.Vmm.OnStep = (step, _, token) => step == "query" ? Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token) : Task.CompletedTask;
        await Node.Clones.LookAsync(CancellationToken.None);
        Node.Clones.Extend(clone.Name, new Lifetime { Ttl = 5 * Minute }).State.ShouldBe(VmState.NotAnswering);
        Node.Vmm.OnStep = (_, _, _) => Task.CompletedTask;
        await using var next = await Node.RestartAsync();

        Pass(4 * Minute, next);

        next.Clones.Get(clone.Name).State.ShouldBe(VmState.Running);
    }

    [Fact]
    public async Task AClonesTimeThatWasOverWhileNoDaemonRanEndsItAtTheNextOnesStart()
    {
        var clone = await CreateAsync(new Lifetime { Ttl = Minute });
        var kept = await CreateAsync(Lifetime.Unsaid);
        await Node.Clones.DisposeAsync();
        Boot.Advance(2 * Minute);

        await using var next = await Node.RestartAsync();

        (await EndedAsync(clone, next)).StateReason.ShouldStartWith("expired: its ttl is over");
        next.Clones.Get(kept.Name).State.ShouldBe(VmState.Running);
    }

    /// <summary>The daemon that asked its guest to power off was stopped itself meanwhile.</summary>
    [Theory]
    [InlineData(60, VmState.Stopped, "expired: its ttl is over; its QEMU ended")]
    [InlineData(59, VmState.Failed, "Its QEMU ended")]
    public async Task AVmThatIsGoneWhenTheNextDaemonBeginsHasExpiredWhereItsTimeWasOver(int seconds, VmState state, string reason)
    {
        var clone = await CreateAsync(new Lifetime { Ttl = Minute });
        Boot.Advance(seconds * Second);
        Node.Vmm.OnStep = (step, _, _) => step == "adopt" ? throw new TemplatingException(ErrorCode.QemuExited, "It is gone.") : Task.CompletedTask;

        await using var next = await Node.RestartAsync();

        next.Clones.Get(clone.Name).ShouldSatisfyAllConditions(c => c.State.ShouldBe(state), c => c.StateReason.ShouldStartWith(reason));
    }

    /// <summary>It cannot know who used it meanwhile.</summary>
    [Fact]
    public async Task IdleTimeBeginsAnewWithTheNextDaemon()
    {
        var clone = await CreateAsync(new Lifetime { IdleLimit = Minute });
        Pass(Minute - Second);
        await Node.Clones.DisposeAsync();
        Boot.Advance(Minute);
        await using var next = await Node.RestartAsync();
        Pass(Minute - Second, next);
        next.Clones.Get(clone.Name).State.ShouldBe(VmState.Running);

        Pass(Second, next);

        await EndedAsync(clone, next);
    }

    /// <summary>A daemon from before there were lifetimes can take it over.</summary>
    [Fact]
    public async Task ARecordSaysNothingOfALifetimeThatThereIsNot()
    {
        await CreateAsync(Lifetime.Unsaid);

        var record = await File.ReadAllTextAsync(Path.Combine(Node.RunFolders.ShouldHaveSingleItem(), "clone.json"));

        record.ShouldNotContain("lifetime");
        record.ShouldNotContain("expireAt");
        record.ShouldNotContain("idleLimit");
    }
}
