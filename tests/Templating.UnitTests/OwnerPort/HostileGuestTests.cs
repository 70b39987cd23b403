using CsCheck;
using Templating.OwnerPort.Errors;
using Templating.OwnerPort.Frames;
using Templating.OwnerPort.Processes;
using Templating.Testing;

namespace Templating.UnitTests.OwnerPort;

/// <summary>A guest that says what no guest says loses its conversation, and nobody waits for it any more.</summary>
public sealed class HostileGuestTests
{
    /// <summary>Stream 1 is of a process that runs, 2 of a request, 3 of a start.</summary>
    public static TheoryData<string, byte[], string> Nonsense() => new()
    {
        { "a type of the host's", ScriptedGuest.Frame(FrameType.Delete, 1), "type 14" },
        { "a type beyond the last", ScriptedGuest.Frame((FrameType)73, 1), "type 73" },
        { "a second welcome", ScriptedGuest.Frame(FrameType.Welcome, 1, new byte[34]), "Welcome" },
        { "a welcome for all", ScriptedGuest.Frame(FrameType.Welcome, 0, new byte[34]), "Welcome on stream 0" },
        { "a stream that nobody has", ScriptedGuest.Frame(FrameType.Done, 4), "nobody" },
        { "the end of it all", ScriptedGuest.Frame(FrameType.Error, 0, [1, 0, 0, 0, (byte)'x']), "ended the conversation" },
        { "the end of it all, without a reason", ScriptedGuest.Frame(FrameType.Error, 0, 1, 0), "cut short" },
        { "done with more to say", ScriptedGuest.Frame(FrameType.Done, 2, 1), "after its last field" },
        { "a process' answer to a request", ScriptedGuest.Frame(FrameType.Started, 2, 1, 0, 0, 0), "to unmount" },
        { "an error of half a number", ScriptedGuest.Frame(FrameType.Error, 2, 1, 0, 0), "cut short" },
        { "a request's answer to a process", ScriptedGuest.Frame(FrameType.Done, 1), "which runs" },
        { "an error of a process that runs", ScriptedGuest.Frame(FrameType.Error, 1, 1, 0, 0, 0), "which runs" },
        { "a second start", ScriptedGuest.Frame(FrameType.Started, 1, 1, 0, 0, 0), "which runs" },
        { "output of nothing", ScriptedGuest.Frame(FrameType.Output, 1), "0 bytes" },
        { "too much output at once", ScriptedGuest.Frame(FrameType.Output, 1, new byte[16_385]), "16385 bytes" },
        { "too much of an error", ScriptedGuest.Frame(FrameType.ErrorOutput, 1, new byte[16_385]), "16385 bytes" },
        { "input taken that was not sent", ScriptedGuest.Frame(FrameType.Taken, 1, 1, 0, 0, 0), "took 1 bytes" },
        { "no input taken", ScriptedGuest.Frame(FrameType.Taken, 1, 0, 0, 0, 0), "took 0 bytes" },
        { "an exit that is cut short", ScriptedGuest.Frame(FrameType.Exit, 1, new byte[8]), "cut short" },
        { "an exit with more", ScriptedGuest.Frame(FrameType.Exit, 1, new byte[10]), "after its last field" },
        { "an exit by code and signal", ScriptedGuest.Frame(FrameType.Exit, 1, ScriptedGuest.Exit(1, 9)), "code 1, signal 9" },
        { "an exit by no code", ScriptedGuest.Frame(FrameType.Exit, 1, ScriptedGuest.Exit(256)), "code 256" },
        { "an exit by no signal", ScriptedGuest.Frame(FrameType.Exit, 1, ScriptedGuest.Exit(0, 65)), "signal 65" },
        { "an exit of unknown flags", ScriptedGuest.Frame(FrameType.Exit, 1, ScriptedGuest.Exit(0, 0, 4)), "flags 4" },
        { "output before a start", ScriptedGuest.Frame(FrameType.Output, 3, 1), "is being started" },
        { "an exit before a start", ScriptedGuest.Frame(FrameType.Exit, 3, ScriptedGuest.Exit(0)), "is being started" },
        { "a length beyond its limit", [66, 2, 0, 0, 0, 1, 0, 1, 0], "65537 bytes" },
        { "a length of 4 GiB", [66, 2, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF], "4294967295 bytes" },
        { "padding without end", new byte[65_537], "padding" },
    };

    [Theory]
    [MemberData(nameof(Nonsense))]
    public async Task NonsenseEndsTheConversationAndAllThatWaitFail(string what, byte[] bytes, string found)
    {
        var (host, guest) = ScriptedGuest.Begin();
        await using var _ = host;
        using var __ = guest;
        var process = await guest.StartAsync(host);
        var request = host.UnmountAsync("one", CancellationToken.None);
        await guest.ReadAsync(FrameType.Unmount);
        await guest.SendAsync(FrameType.Output, 1, 1);
        var starting = host.RunAsync(new ProcessStart("two", "{}"u8.ToArray()), CancellationToken.None);
        await guest.ReadAsync(FrameType.Run);

        await guest.SendAsync(bytes);

        (await host.Ended.Soonest()).Message.ShouldContain(found, Case.Sensitive, what);
        foreach (var waiting in (Task[])[request, starting, process.Exited])
        {
            (await Should.ThrowAsync<OwnerPortException>(waiting.Soonest())).Message.ShouldContain(found);
        }

        // What came before is still to be read; then it is told.
        (await process.Output.ReadAsync(new byte[1], CancellationToken.None).AsTask().Soonest()).ShouldBe(1);
        await Should.ThrowAsync<OwnerPortException>(process.Output.ReadAsync(new byte[1], CancellationToken.None).AsTask().Soonest());
        await Should.ThrowAsync<OwnerPortException>(host.UnmountAsync("one", CancellationToken.None).Soonest());
        (await guest.IsLeftAsync()).ShouldBeTrue();
    }

    [Fact]
    public async Task ATerminalHasOneOutput()
    {
        var (host, guest) = ScriptedGuest.Begin();
        await using var _ = host;
        using var __ = guest;
        await guest.StartAsync(host, terminal: new WindowSize(24, 80));

        await guest.SendAsync(FrameType.ErrorOutput, 1, 1);

        (await host.Ended.Soonest()).Message.ShouldContain("ErrorOutput");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(12)]
    public async Task AGuestThatGoesIsToldToAllThatWait(int ofAFrame)
    {
        var (host, guest) = ScriptedGuest.Begin();
        await using var _ = host;
        var process = await guest.StartAsync(host, input: true);
        var request = host.UnmountAsync("one", CancellationToken.None);
        await guest.ReadAsync(FrameType.Unmount);
        var reading = process.Output.ReadAsync(new byte[1], CancellationToken.None).AsTask();
        var writing = process.WriteInputAsync(new byte[100_000], CancellationToken.None);
        for (var got = 0; got < 65_536;)
        {
            got += (await guest.ReadAsync(FrameType.Input)).Payload.Length;
        }

        await guest.SendAsync(ScriptedGuest.Frame(FrameType.Output, 1, new byte[10])[..ofAFrame]);

        guest.Dispose();

        foreach (var waiting in (Task[])[request, reading, writing, process.Exited])
        {
            (await Should.ThrowAsync<OwnerPortException>(waiting.Soonest())).Message.ShouldContain(ofAFrame == 0 ? "closed" : "within a frame");
        }
    }

    [Fact]
    public async Task AGuestThatReadsNothingHoldsUpNobodyWhoGivesUpOrLeaves()
    {
        var (host, guest) = ScriptedGuest.Begin();
        using var __ = guest;
        var process = await guest.StartAsync(host, input: true);
        using var away = new CancellationTokenSource();
        // More than a socket holds.
        var stuck = Enumerable.Range(0, 8).Select(i => host.RunAsync(new ProcessStart($"c{i}", new byte[1 << 20]), away.Token)).ToArray();
        var writing = process.WriteInputAsync(new byte[10], away.Token);
        await guest.SendAsync(FrameType.Output, 1, 1);
        (await process.Output.ReadAsync(new byte[1], CancellationToken.None).AsTask().Soonest()).ShouldBe(1);

        await away.CancelAsync();

        foreach (var one in (Task[])[.. stuck, writing])
        {
            await Should.ThrowAsync<OperationCanceledException>(one.Soonest());
        }

        var last = host.UnmountAsync("one", CancellationToken.None);
        await host.DisposeAsync().AsTask().Soonest();
        await Should.ThrowAsync<OwnerPortException>(last.Soonest());
        await Should.ThrowAsync<OwnerPortException>(host.UnmountAsync("one", CancellationToken.None).Soonest());
        await host.DisposeAsync();
    }

    [Fact]
    public async Task FramesComeWholeHoweverTheyAreCut()
    {
        var kinds = Gen.Int[65, 72].Select(kind => (FrameType)kind);
        var frames = Gen.Select(kinds, Gen.UInt, Gen.Byte.Array[0, 300], Gen.Int[0, 3]).Array[0, 20];
        await Gen.Select(frames, Gen.Int[1, 700]).SampleAsync(async (said, cut) =>
        {
            var bytes = said.SelectMany(f => (byte[])[.. new byte[f.Item4], .. ScriptedGuest.Frame(f.Item1, f.Item2, f.Item3)]).ToArray();
            using var port = new PieceStream(bytes, cut);
            var reader = new FrameReader(port, default);
            foreach (var (type, stream, payload, _) in said)
            {
                var frame = (await reader.ReadAsync(CancellationToken.None)).ShouldNotBeNull();
                (frame.Type, frame.Stream).ShouldBe((type, stream));
                frame.Payload.ToArray().ShouldBe(payload);
            }

            (await reader.ReadAsync(CancellationToken.None)).ShouldBeNull();
        }, iter: 300);
    }

    [Fact]
    public async Task BytesOfAnyKindEndInOneWayOnly() => await Gen.Byte.Array[0, 400].SampleAsync(async bytes =>
    {
        var (host, guest) = ScriptedGuest.Begin();
        await using var _ = host;
        var process = await guest.StartAsync(host);
        await guest.SendAsync(bytes);
        guest.Dispose();
        (await host.Ended.Soonest()).ShouldBeOfType<OwnerPortException>();
        process.Exited.IsFaulted.ShouldBeTrue();
    }, iter: 100, threads: 1);

    [Fact]
    public async Task TheLargestFrameOfTheGuestIsRead()
    {
        using var port = new MemoryStream(ScriptedGuest.Frame(FrameType.Done, 1, new byte[65_536]));

        (await new FrameReader(port, default).ReadAsync(CancellationToken.None)).ShouldNotBeNull().Payload.Length.ShouldBe(65_536);
    }

    /// <summary>Gives at most so many bytes at once.</summary>
    private sealed class PieceStream(byte[] bytes, int most) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(most, buffer.Length)], cancellationToken);
    }
}
