using Microsoft.Extensions.Logging.Abstractions;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Qemu.Process;
using Templating.Testing;
using Templating.Testing.Nodes;

namespace Templating.UnitTests.Qemu;

/// <summary>What a daemon that starts meets in a QEMU's place. The process is a real one; its sockets are the test's.</summary>
public sealed class AdoptionTests : IDisposable
{
    private readonly StandInQemu _qemu = new();

    public void Dispose() => _qemu.Dispose();

    [Theory]
    [InlineData("no json at all")]
    [InlineData("""{"return": 5}""")]
    [InlineData("""{"QMP": {}}\n[]""")]
    public async Task QemuThatGreetsWithNonsenseIsNotAdopted(string greeting)
    {
        _qemu.Listen();
        var adopting = _qemu.AdoptAsync();
        using var qemu = await _qemu.AcceptAsync();
        await qemu.SendLineAsync(greeting.Replace("\\n", "\n", StringComparison.Ordinal));

        (await adopting.Soonest()).ShouldBeNull();
    }

    [Theory]
    [InlineData("""{"status": "banana"}""")]
    [InlineData("""{"status": 7}""")]
    [InlineData("""{}""")]
    [InlineData("[]")]
    [InlineData("null")]
    public async Task QemuWhoseStateIsNoneSaysSoInsteadOfCountingAsPaused(string answer)
    {
        _qemu.Listen();
        var adopting = _qemu.AdoptAsync();
        using var qemu = await _qemu.AcceptAsync();
        await StandInQemu.GreetAsync(qemu);
        await using var vm = (await adopting.Soonest())!;

        var asking = vm.QueryStateAsync(CancellationToken.None);
        await qemu.AnswerAsync((await qemu.ReadCommandAsync()).Id, answer);

        (await Should.ThrowAsync<TemplatingException>(asking.Soonest())).Code.ShouldBe(ErrorCode.QmpFailed);
    }

    /// <summary>What a step fails by is the end of its VM only where that has ended.</summary>
    [Theory]
    [InlineData(false, ErrorCode.QmpFailed)]
    [InlineData(true, ErrorCode.QemuExited)]
    public async Task MonitorThatGoesIsToldAsTheEndOfItsProcessWhereThatWentToo(bool ends, ErrorCode code)
    {
        _qemu.Listen();
        var adopting = _qemu.AdoptAsync();
        using var qemu = await _qemu.AcceptAsync();
        await StandInQemu.GreetAsync(qemu);
        await using var vm = (await adopting.Soonest())!;
        var asking = vm.QueryStateAsync(CancellationToken.None);
        await qemu.ReadCommandAsync();

        if (ends)
        {
            Signals.Send(_qemu.Process.Pid, Signals.Kill).ShouldBeTrue();
        }

        qemu.Dispose();

        (await Should.ThrowAsync<TemplatingException>(asking.Soonest())).Code.ShouldBe(code);
    }

    [Fact]
    public async Task QemuThatIsSilentIsWaitedForUntilCancelledAndThenLetGo()
    {
        _qemu.Listen();
        using var limit = new CancellationTokenSource();
        var adopting = _qemu.AdoptAsync(cancellationToken: limit.Token);
        using var qemu = await _qemu.AcceptAsync();
        (await qemu.ReadLineAsync()).ShouldNotBeNull();

        await limit.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(adopting.Soonest());
        while (await qemu.ReadLineAsync() is not null)
        {
            // What was on the way; then its end.
        }
    }

    /// <summary>
    /// Daemons that came and went while it hung. A connect that blocks would never come back: nobody accepts, and no signal ends it.
    /// </summary>
    [Fact]
    public async Task QemuWhoseQueueOfConnectionsIsFullIsAskedWhenItTakesThem()
    {
        _qemu.Listen(backlog: 0);
        using var taker = ListeningSocket.ConnectTo(_qemu.Folder.Qmp);
        using var limit = new CancellationTokenSource();
        using var given = new CancellationTokenSource();
        var givenUp = _qemu.AdoptAsync(cancellationToken: given.Token);
        await given.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(givenUp.Soonest());
        var adopting = _qemu.AdoptAsync(cancellationToken: limit.Token);

        using (await _qemu.AcceptAsync())
        {
            using var qemu = await _qemu.AcceptAsync();
            await StandInQemu.GreetAsync(qemu);
            await using var vm = await adopting.Soonest();
            vm.ShouldNotBeNull();
        }
    }

    [Fact]
    public async Task QemuThatIsGoneIsNotWaitedFor()
    {
        var adopting = _qemu.AdoptAsync();

        (await adopting.Soonest()).ShouldBeNull();
    }

    [Fact]
    public async Task OnlyTheProcessThatWasNotedIsEnded()
    {
        using var other = new ChildProcess("/bin/sleep", ["1000"], environment: null, redirect: true);
        var noted = new LeftVm(_qemu.Folder, _qemu.Process);
        var reused = new LeftVm(_qemu.Folder, ProcessIds.Read(other.Id)!.Value with { StartTime = 1 });

        var lingering = await Reaper.RunAsync([noted, reused], _qemu.Watcher, TimeProvider.System, NullLogger.Instance, CancellationToken.None).Soonest();

        lingering.ShouldBeEmpty();
        // 128 and the signal: its output never led into the folder, and it was found all the same.
        (await _qemu.WaitExitAsync().Soonest()).ShouldBe(137);
        other.HasExited.ShouldBeFalse();
    }
}
