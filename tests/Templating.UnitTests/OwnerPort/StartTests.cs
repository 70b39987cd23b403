using Microsoft.Extensions.Time.Testing;
using Templating.OwnerPort.Conversations;
using Templating.OwnerPort.Errors;
using Templating.OwnerPort.Frames;
using Templating.OwnerPort.Processes;
using Templating.Testing;

namespace Templating.UnitTests.OwnerPort;

/// <summary>Starts of processes in a guest: asked for, refused, and given up.</summary>
public sealed class StartTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _clock = new();
    private readonly OwnerPortConnection _host;
    private readonly ScriptedGuest _guest;

    public StartTests() => (_host, _guest) = ScriptedGuest.Begin(options: new OwnerPortOptions { Clock = _clock });

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _guest.Dispose();
    }

    [Fact]
    public async Task AProcessIsAskedForByItsSpecificationInputAndTerminal()
    {
        var starting = _host.ExecAsync(
            new ProcessStart("one", "{}"u8.ToArray()) { Input = true, Terminal = new WindowSize(33, 101) }, CancellationToken.None);

        var asked = await _guest.AnswerAsync(FrameType.Exec, FrameType.Started, ScriptedGuest.Number(4711));

        (await starting.Soonest()).GuestPid.ShouldBe(4711u);
        asked.ShouldBe((byte[])[3, 0, .. "one"u8, 3, 33, 0, 101, 0, .. "{}"u8]);
    }

    [Fact]
    public async Task AStartThatIsRefusedIsToldAndItsStreamIsFree()
    {
        var starting = _host.RunAsync(new ProcessStart("one", "{}"u8.ToArray()), CancellationToken.None);

        await _guest.AnswerAsync(FrameType.Run, FrameType.Error, [.. ScriptedGuest.Number(5), .. "no such program"u8]);

        (await Should.ThrowAsync<GuestRefusedException>(starting.Soonest())).Message.ShouldBe("The guest refused to run container one: no such program (errno 5)");
        await _guest.SendAsync(FrameType.Exit, 1, ScriptedGuest.Exit(0));
        (await _host.Ended.Soonest()).Message.ShouldContain("which is for nobody");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AStartThatNobodyWaitsForIsGivenUpAndWhatItBeganIsKilled(bool cancelled)
    {
        using var away = new CancellationTokenSource();
        var starting = _host.RunAsync(new ProcessStart("one", "{}"u8.ToArray()), away.Token);
        var (stream, _) = await _guest.ReadAsync(FrameType.Run);
        if (cancelled)
        {
            await away.CancelAsync();
            await Should.ThrowAsync<OperationCanceledException>(starting.Soonest());
        }
        else
        {
            _clock.Advance(TimeSpan.FromSeconds(60.1));
            await Should.ThrowAsync<TimeoutException>(starting.Soonest());
        }

        (await _guest.AnswerAsync(FrameType.Signal, FrameType.Done)).ShouldBe((byte[])[.. ScriptedGuest.Number(stream), 9, 0]);
        // It had been started all the same, and printed: nobody minds.
        await _guest.SendAsync(FrameType.Started, stream, ScriptedGuest.Number(5));
        await _guest.SendAsync(FrameType.Output, stream, new byte[100]);
        await _guest.SendAsync(FrameType.Exit, stream, ScriptedGuest.Exit(0, 9));
        var next = _host.DeleteAsync("one", CancellationToken.None);
        await _guest.AnswerAsync(FrameType.Delete, FrameType.Done);
        await next.Soonest();
    }

    [Fact]
    public async Task NoMoreProcessesAreAskedForThanAGuestHas()
    {
        var processes = new List<GuestProcess>();
        for (var i = 0; i < 64; i++)
        {
            processes.Add(await _guest.StartAsync(_host));
        }

        (await Should.ThrowAsync<GuestRefusedException>(StartAsync())).Errno.ShouldBe(11u);
        foreach (var process in processes)
        {
            await _guest.SendAsync(FrameType.Exit, process.Stream, ScriptedGuest.Exit(0));
            await process.Exited.Soonest();

            // By whoever is told of the end, at once.
            var next = StartAsync();

            await _guest.AnswerAsync(FrameType.Run, FrameType.Started, ScriptedGuest.Number(1));
            await next;
        }

        Task<GuestProcess> StartAsync() => _host.RunAsync(new ProcessStart("one", "{}"u8.ToArray()), CancellationToken.None).Soonest();
    }
}
