using System.Security.Cryptography;
using CsCheck;
using Templating.OwnerPort.Conversations;
using Templating.OwnerPort.Errors;
using Templating.OwnerPort.Frames;
using Templating.OwnerPort.Processes;
using Templating.Testing;

namespace Templating.UnitTests.OwnerPort;

/// <summary>Processes in a guest: their output, their input and their end.</summary>
public sealed class ProcessTests : IAsyncDisposable
{
    private const int Chunk = 16_384;
    private const int Window = 262_144;

    private readonly OwnerPortConnection _host;
    private readonly ScriptedGuest _guest;

    public ProcessTests() => (_host, _guest) = ScriptedGuest.Begin();

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _guest.Dispose();
    }

    [Fact]
    public async Task BothOutputsComeWholeAndInOrderAndItsEndAfterThem()
    {
        var process = await _guest.StartAsync(_host);
        await _guest.SendAsync(FrameType.Output, 1, "out "u8.ToArray());
        await _guest.SendAsync(FrameType.ErrorOutput, 1, "err "u8.ToArray());
        await _guest.SendAsync(FrameType.Output, 1, "more"u8.ToArray());
        await _guest.SendAsync(FrameType.Exit, 1, ScriptedGuest.Exit(7));

        (await process.Exited.Soonest()).ShouldBe(new ProcessExit(7, 0, OutOfMemory: false, Unknown: false));
        (await AllAsync(process.Error)).ShouldBe("err "u8.ToArray());
        (await AllAsync(process.Output)).ShouldBe("out more"u8.ToArray());
    }

    [Theory]
    [InlineData(0u, 9u, 1, true, false)]
    [InlineData(255u, 0u, 2, false, true)]
    [InlineData(0u, 64u, 0, false, false)]
    public async Task HowItEndedIsTold(uint code, uint signal, byte flags, bool memory, bool unknown)
    {
        var process = await _guest.StartAsync(_host);

        await _guest.SendAsync(FrameType.Exit, 1, ScriptedGuest.Exit(code, signal, flags));

        (await process.Exited.Soonest()).ShouldBe(new ProcessExit((int)code, (int)signal, memory, unknown));
    }

    [Fact]
    public async Task CreditIsGivenForWhatWasReadAndForNothingElse()
    {
        var process = await _guest.StartAsync(_host);
        for (var sent = 0; sent < Window; sent += Chunk)
        {
            await _guest.SendAsync(FrameType.Output, 1, new byte[Chunk]);
        }

        var read = 0;
        var buffer = new byte[10_000];
        while (read < Window / 4)
        {
            read += await process.Output.ReadAsync(buffer, CancellationToken.None).AsTask().Soonest();
        }

        var (stream, credit) = await _guest.ReadAsync(FrameType.Credit);
        (stream, BitConverter.ToUInt32(credit)).ShouldBe((1u, (uint)read));
        // With it the guest may send exactly that much more, and does.
        var left = read;
        for (; left > 0; left -= Chunk)
        {
            await _guest.SendAsync(FrameType.ErrorOutput, 1, new byte[Math.Min(left, Chunk)]);
        }

        await Eventually.UntilAsync(() => process.Error.HeldBytes >= read, "all of it is there");
        _host.Ended.IsCompleted.ShouldBeFalse();
        await _guest.SendAsync(FrameType.Output, 1, 1);
        (await _host.Ended.Soonest()).Message.ShouldContain("without credit");
        process.Exited.IsFaulted.ShouldBeTrue();
    }

    [Fact]
    public async Task AReaderThatDoesNotReadStopsItsOwnProcessAlone()
    {
        var stuck = await _guest.StartAsync(_host);
        for (var sent = 0; sent < Window; sent += Chunk)
        {
            await _guest.SendAsync(FrameType.Output, 1, new byte[Chunk]);
        }

        var other = await _guest.StartAsync(_host);
        await _guest.SendAsync(FrameType.Output, 2, "meanwhile"u8.ToArray());
        await _guest.SendAsync(FrameType.Exit, 2, ScriptedGuest.Exit(0));

        (await AllAsync(other.Output)).ShouldBe("meanwhile"u8.ToArray());
        (await other.Exited.Soonest()).Code.ShouldBe(0);
        stuck.Exited.IsCompleted.ShouldBeFalse();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(16_384)]
    public async Task WhatIsNotReadTakesHardlyMoreMemoryThanTheWindow(int chunk)
    {
        var process = await _guest.StartAsync(_host);
        var frames = Enumerable.Range(0, 2000)
            .SelectMany(_ => (byte[])[.. ScriptedGuest.Frame(FrameType.Output, 1, new byte[chunk]), .. ScriptedGuest.Frame(FrameType.ErrorOutput, 1, new byte[chunk])]).ToArray();

        var pairs = Math.Min(2000, Window / (2 * chunk));
        await _guest.SendAsync(frames[..(pairs * 2 * (9 + chunk))]);

        await Eventually.UntilAsync(() => Math.Min(process.Output.HeldBytes, process.Error.HeldBytes) >= pairs * chunk, "all of it is there");
        (process.Output.HeldBytes + process.Error.HeldBytes).ShouldBeLessThanOrEqualTo(Window + (4 * Chunk));
    }

    [Fact]
    public void BytesComeInOrderByWhateverPiecesAndHoldNoMoreThanTwoChunksBeside() => Gen.Select(Gen.Bool, Gen.Int[1, 40_000]).Array[1, 60].Sample(steps =>
    {
        var queue = new ByteQueue();
        var (came, went) = (0, 0);
        foreach (var (adds, count) in steps)
        {
            if (adds)
            {
                queue.Add(Enumerable.Range(came, count).Select(i => (byte)(i * 7 / 3)).ToArray());
                came += count;
            }
            else
            {
                var taken = new byte[count];
                var got = queue.Take(taken);
                got.ShouldBe(Math.Min(count, came - went));
                taken.AsSpan(0, got).SequenceEqual(Enumerable.Range(went, got).Select(i => (byte)(i * 7 / 3)).ToArray()).ShouldBeTrue();
                went += got;
            }

            queue.Count.ShouldBe(came - went);
            queue.HeldBytes.ShouldBeInRange(queue.Count, queue.Count + (2 * ByteQueue.LargestChunk));
        }

        queue.Clear().ShouldBe(came - went);
        (queue.Count, queue.HeldBytes).ShouldBe((0, 0));
    }, iter: 300);

    [Fact]
    public async Task WhatNobodyWantsIsDroppedSoThatItsProcessGoesOn()
    {
        var process = await _guest.StartAsync(_host);
        await _guest.SendAsync(FrameType.Output, 1, new byte[Chunk]);
        process.Output.Discard();
        process.Error.Discard();
        for (var round = 0; round < 8; round++)
        {
            for (var sent = 0; sent < Window / 4; sent += Chunk)
            {
                await _guest.SendAsync(FrameType.Output, 1, new byte[Chunk]);
            }

            await _guest.ReadAsync(FrameType.Credit);
        }

        await _guest.SendAsync(FrameType.Exit, 1, ScriptedGuest.Exit(0));
        await process.Exited.Soonest();
        process.Output.HeldBytes.ShouldBeLessThanOrEqualTo(Chunk);
    }

    [Fact]
    public async Task InputWaitsForItsWindowAndComesWhole()
    {
        var process = await _guest.StartAsync(_host, input: true);
        var data = RandomNumberGenerator.GetBytes(200_000);
        var writing = process.WriteInputAsync(data, CancellationToken.None);
        var got = new List<byte>();
        while (got.Count < 65_536)
        {
            got.AddRange((await _guest.ReadAsync(FrameType.Input)).Payload);
        }

        got.Count.ShouldBe(65_536);
        writing.IsCompleted.ShouldBeFalse();
        while (got.Count < data.Length)
        {
            await _guest.SendAsync(FrameType.Taken, 1, ScriptedGuest.Number(1000));
            got.AddRange((await _guest.ReadAsync(FrameType.Input)).Payload);
        }

        (await writing.Soonest()).ShouldBeTrue();
        await process.EndInputAsync(CancellationToken.None).Soonest();
        await _guest.ReadAsync(FrameType.InputEnd);
        got.SequenceEqual(data).ShouldBeTrue();
        await Should.ThrowAsync<InvalidOperationException>(process.WriteInputAsync(data, CancellationToken.None).Soonest());
    }

    [Fact]
    public async Task InputOfAProcessThatEndsIsNotWaitedFor()
    {
        var process = await _guest.StartAsync(_host, input: true);
        var writing = process.WriteInputAsync(new byte[70_000], CancellationToken.None);
        for (var got = 0; got < 65_536;)
        {
            got += (await _guest.ReadAsync(FrameType.Input)).Payload.Length;
        }

        await _guest.SendAsync(FrameType.Exit, 1, ScriptedGuest.Exit(0));

        (await writing.Soonest()).ShouldBeFalse();
        (await process.WriteInputAsync(new byte[1], CancellationToken.None).Soonest()).ShouldBeFalse();
    }

    [Fact]
    public async Task AWriterThatGivesUpLeavesTheInputToTheNextOne()
    {
        var process = await _guest.StartAsync(_host, input: true);
        using var away = new CancellationTokenSource();
        var writing = process.WriteInputAsync(new byte[70_000], away.Token);
        for (var got = 0; got < 65_536;)
        {
            got += (await _guest.ReadAsync(FrameType.Input)).Payload.Length;
        }

        await Should.ThrowAsync<InvalidOperationException>(process.WriteInputAsync(new byte[1], CancellationToken.None).Soonest());
        await away.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(writing.Soonest());

        await _guest.SendAsync(FrameType.Taken, 1, ScriptedGuest.Number(65_536));
        (await process.WriteInputAsync("next"u8.ToArray(), CancellationToken.None).Soonest()).ShouldBeTrue();
        (await _guest.ReadAsync(FrameType.Input)).Payload.ShouldBe("next"u8.ToArray());
    }

    [Fact]
    public async Task WithoutInputNoneIsWritten()
    {
        var process = await _guest.StartAsync(_host);

        await Should.ThrowAsync<InvalidOperationException>(process.WriteInputAsync(new byte[1], CancellationToken.None).Soonest());
        await Should.ThrowAsync<InvalidOperationException>(process.EndInputAsync(CancellationToken.None).Soonest());
        await Should.ThrowAsync<InvalidOperationException>(process.ResizeAsync(new WindowSize(1, 1), CancellationToken.None).Soonest());
    }

    [Fact]
    public async Task SignalsAndSizesReachTheProcessAndNoneThatHasEnded()
    {
        var process = await _guest.StartAsync(_host, terminal: new WindowSize(24, 80));
        var signalling = process.SignalAsync(15, everyone: true, CancellationToken.None);
        (await _guest.AnswerAsync(FrameType.Signal, FrameType.Done)).ShouldBe((byte[])[.. ScriptedGuest.Number(1), 15, 1]);
        await signalling.Soonest();
        var resizing = process.ResizeAsync(new WindowSize(44, 300), CancellationToken.None);
        (await _guest.AnswerAsync(FrameType.Resize, FrameType.Done)).ShouldBe((byte[])[.. ScriptedGuest.Number(1), 44, 0, 44, 1]);
        await resizing.Soonest();
        foreach (var signal in (int[])[0, 65, -1])
        {
            await Should.ThrowAsync<ArgumentException>(process.SignalAsync(signal, everyone: false, CancellationToken.None).Soonest());
        }

        await _guest.SendAsync(FrameType.Exit, 1, ScriptedGuest.Exit(0, 15));
        await process.Exited.Soonest();

        (await Should.ThrowAsync<GuestRefusedException>(process.SignalAsync(9, everyone: false, CancellationToken.None).Soonest())).Errno.ShouldBe(3u);
    }

    [Fact]
    public async Task OneCallerReadsAnOutputAtATime()
    {
        var process = await _guest.StartAsync(_host);
        using var away = new CancellationTokenSource();
        var reading = process.Output.ReadAsync(new byte[10], away.Token).AsTask();
        await Should.ThrowAsync<InvalidOperationException>(process.Output.ReadAsync(new byte[10], CancellationToken.None).AsTask().Soonest());
        await away.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(reading.Soonest());
        await _guest.SendAsync(FrameType.Output, 1, "kept"u8.ToArray());

        var buffer = new byte[10];

        (await process.Output.ReadAsync(buffer, CancellationToken.None).AsTask().Soonest()).ShouldBe(4);
        buffer[..4].ShouldBe("kept"u8.ToArray());
    }

    private static async Task<byte[]> AllAsync(GuestOutput output)
    {
        using var all = new MemoryStream();
        await output.CopyToAsync(all, CancellationToken.None).Soonest();
        return all.ToArray();
    }
}
