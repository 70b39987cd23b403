using Templating.Core.Errors;
using Templating.Qemu.Base;
using Templating.Testing;

namespace Templating.UnitTests.Qemu;

/// <summary>A QEMU that carries out what it was told long after everybody has gone.</summary>
public sealed class LateCommandTests : IDisposable
{
    private readonly StandInQemu _qemu = new();

    public void Dispose() => _qemu.Dispose();

    [Theory]
    [InlineData(true, "stop", "cont")]
    [InlineData(false, "cont", "stop")]
    public async Task SwitchThatNobodyWaitsForAnyMoreIsTakenBack(bool pause, string told, string takenBack)
    {
        _qemu.Listen();
        var adopting = _qemu.AdoptAsync(options: new QemuOptions { CommandTimeout = TimeSpan.FromMilliseconds(50) });
        using var monitor = await _qemu.AcceptAsync();
        await StandInQemu.GreetAsync(monitor);
        await using var vm = (await adopting.Soonest())!;

        var late = pause ? vm.PauseAsync(CancellationToken.None) : vm.ResumeAsync(CancellationToken.None);
        (await Should.ThrowAsync<TemplatingException>(late.Soonest())).Code.ShouldBe(ErrorCode.QmpFailed);

        (await monitor.ReadCommandAsync()).Command.ShouldBe(told);
        (await monitor.ReadCommandAsync()).Command.ShouldBe(takenBack);
    }

    [Fact]
    public async Task PauseWhoseCallerGoesAwayIsTakenBackToo()
    {
        _qemu.Listen();
        var adopting = _qemu.AdoptAsync();
        using var monitor = await _qemu.AcceptAsync();
        await StandInQemu.GreetAsync(monitor);
        await using var vm = (await adopting.Soonest())!;
        using var away = new CancellationTokenSource();

        var pausing = vm.PauseAsync(away.Token);
        (await monitor.ReadCommandAsync()).Command.ShouldBe("stop");
        await away.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(pausing.Soonest());
        (await monitor.ReadCommandAsync()).Command.ShouldBe("cont");
    }
}
