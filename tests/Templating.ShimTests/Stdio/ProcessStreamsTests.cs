using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Templating.OwnerPort.Frames;
using Templating.Shim.Errors;
using Templating.Shim.Stdio;
using Templating.Testing;

namespace Templating.ShimTests.Stdio;

public sealed class ProcessStreamsTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task BothOutputsComeWholeWithTheirEnds()
    {
        using var pipes = await Pipes.MakeAsync();
        var process = new ScriptedProcess();
        await using var streams = Open("", pipes.Output, pipes.Error);
        await using var output = await Pipes.OpenReaderAsync(pipes.Output);
        await using var error = await Pipes.OpenReaderAsync(pipes.Error);
        var (first, second) = (RandomNumberGenerator.GetBytes(90_000), RandomNumberGenerator.GetBytes(100_000));
        streams.Start(process.Process);

        process.Write(first);
        process.Write(second, FrameType.ErrorOutput);
        process.Exit();

        var all = await Task.WhenAll(ReadAllAsync(output), ReadAllAsync(error)).Soonest();
        all[0].ShouldBe(first);
        all[1].ShouldBe(second);
        await streams.Drained.Soonest();
    }

    [Fact]
    public async Task OutputThatFitsIsThereForAReaderThatComesLater()
    {
        using var pipes = await Pipes.MakeAsync();
        var process = new ScriptedProcess();
        await using var streams = Open("", pipes.Output, "");
        await using var reader = await Pipes.OpenReaderAsync(pipes.Output);
        streams.Start(process.Process);
        process.Write("early"u8.ToArray());
        process.Exit();

        await streams.Drained.Soonest();

        (await ReadAllAsync(reader)).ShouldBe("early"u8.ToArray());
    }

    [Fact]
    public async Task AReaderThatGoesAndComesBackMissesNothing()
    {
        using var pipes = await Pipes.MakeAsync();
        var process = new ScriptedProcess();
        await using var streams = Open("", pipes.Output, "");
        streams.Start(process.Process);
        await using (var first = await Pipes.OpenReaderAsync(pipes.Output))
        {
            process.Write("one"u8.ToArray());
            (await ReadAsync(first, 3)).ShouldBe("one"u8.ToArray());
        }

        process.Write("two"u8.ToArray());

        await using var second = await Pipes.OpenReaderAsync(pipes.Output);
        (await ReadAsync(second, 3)).ShouldBe("two"u8.ToArray());
        process.Exit();
        (await ReadAllAsync(second)).ShouldBeEmpty();
    }

    [Fact]
    public async Task AReaderThatDoesNotReadHoldsItsOwnProcessAndNoOther()
    {
        using var pipes = await Pipes.MakeAsync();
        using var others = await Pipes.MakeAsync();
        var (stuck, free) = (new ScriptedProcess(), new ScriptedProcess());
        await using var stuckStreams = Open("", pipes.Output, "");
        await using var freeStreams = Open("", others.Output, "");
        await using var reader = await Pipes.OpenReaderAsync(pipes.Output);
        await using var freeReader = await Pipes.OpenReaderAsync(others.Output);
        stuckStreams.Start(stuck.Process);
        freeStreams.Start(free.Process);
        var bytes = RandomNumberGenerator.GetBytes(ScriptedProcess.Window);

        stuck.Write(bytes);
        free.Write("free"u8.ToArray());
        (await ReadAsync(freeReader, 4)).ShouldBe("free"u8.ToArray());
        stuck.Exit();
        // Nearly for as long as it may.
        _time.Advance(ProcessStreams.Rest - TimeSpan.FromMilliseconds(1));
        stuckStreams.Drained.IsCompleted.ShouldBeFalse();

        (await ReadAllAsync(reader)).ShouldBe(bytes);
        await stuckStreams.Drained.Soonest();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WhatNobodyReadsIsDroppedAfterAnEndOrAKill(bool exits)
    {
        using var pipes = await Pipes.MakeAsync();
        var process = new ScriptedProcess();
        await using var streams = Open("", pipes.Output, "");
        streams.Start(process.Process);
        process.Write(new byte[ScriptedProcess.Window]);
        // For what the pipe took, and then no more.
        (await process.SentAsync()).Type.ShouldBe(FrameType.Credit);
        var more = process.SentAsync();
        if (exits)
        {
            process.Exit();
            await process.Process.Exited.Soonest();
            await Eventually.UntilAsync(() => IsDrainedLater(streams), "it is drained");
        }
        else
        {
            streams.ExpectEnd();
            _time.Advance(ProcessStreams.Rest - TimeSpan.FromSeconds(1));
            // Killed again, which does not move it.
            streams.ExpectEnd();
            more.IsCompleted.ShouldBeFalse();
            _time.Advance(TimeSpan.FromSeconds(1));

            // The guest may go on with it, and then tell that it ended.
            (await more).Type.ShouldBe(FrameType.Credit);
            streams.Drained.IsCompleted.ShouldBeFalse();
            process.Exit();
        }

        await streams.Drained.Soonest();
    }

    [Fact]
    public async Task WhereThereIsNoPipeOutputIsDroppedAndTheProcessGoesOn()
    {
        var process = new ScriptedProcess(input: false);
        await using var streams = Open("", "", "");
        streams.HasInput.ShouldBeFalse();
        streams.Start(process.Process);

        for (var i = 0; i < 4; i++)
        {
            process.Write(new byte[ScriptedProcess.Window / 2]);
            process.Write(new byte[ScriptedProcess.Window / 2], FrameType.ErrorOutput);
            (await process.SentAsync()).Type.ShouldBe(FrameType.Credit);
        }

        process.Exit();
        await streams.Drained.Soonest();
    }

    [Fact]
    public async Task InputComesAndEndsOnlyWhenItIsClosedAndItsWriterGone()
    {
        using var pipes = await Pipes.MakeAsync();
        var process = new ScriptedProcess();
        await using var streams = Open(pipes.Input, "", "");
        streams.HasInput.ShouldBeTrue();
        streams.Start(process.Process);
        await using (var first = await Pipes.OpenWriterAsync(pipes.Input))
        {
            await first.WriteAsync("one"u8.ToArray());
        }

        Sent(await process.SentAsync()).ShouldBe((FrameType.Input, "one"));
        await using (var second = await Pipes.OpenWriterAsync(pipes.Input))
        {
            await second.WriteAsync("two"u8.ToArray());
            Sent(await process.SentAsync()).ShouldBe((FrameType.Input, "two"));
            streams.CloseInput();
            await second.WriteAsync("three"u8.ToArray());
            Sent(await process.SentAsync()).ShouldBe((FrameType.Input, "three"));
        }

        Sent(await process.SentAsync()).ShouldBe((FrameType.InputEnd, ""));
        process.Exit();
        await streams.Drained.Soonest();
    }

    [Fact]
    public async Task InputThatWasClosedBeforeTheStartIsStillGiven()
    {
        using var pipes = await Pipes.MakeAsync();
        var process = new ScriptedProcess();
        await using var streams = Open(pipes.Input, "", "");
        await using (var writer = await Pipes.OpenWriterAsync(pipes.Input))
        {
            await writer.WriteAsync("early"u8.ToArray());
        }

        streams.CloseInput();
        streams.Start(process.Process);

        Sent(await process.SentAsync()).ShouldBe((FrameType.Input, "early"));
        Sent(await process.SentAsync()).ShouldBe((FrameType.InputEnd, ""));
    }

    [Fact]
    public async Task InputIsNotReadFurtherThanTheProcessTakesIt()
    {
        const int Window = 65_536;
        const int Pipe = 65_536;
        using var pipes = await Pipes.MakeAsync();
        var process = new ScriptedProcess();
        await using var streams = Open(pipes.Input, "", "");
        streams.Start(process.Process);
        await using var writer = await Pipes.OpenWriterAsync(pipes.Input);
        var bytes = RandomNumberGenerator.GetBytes((2 * Window) + (2 * Pipe));
        var writing = Task.Run(() => writer.WriteAsync(bytes).AsTask());

        var got = new List<byte>();
        while (got.Count < Window)
        {
            got.AddRange((await process.SentAsync()).Payload);
        }

        got.Count.ShouldBe(Window);
        writing.IsCompleted.ShouldBeFalse();
        process.TookInput(Window);
        while (got.Count < bytes.Length)
        {
            var (_, payload) = await process.SentAsync();
            got.AddRange(payload);
            process.TookInput(payload.Length);
        }

        await writing.Soonest();
        got.ShouldBe(bytes);
    }

    [Fact]
    public async Task ATerminalHasNoEndOfInputAndNoSecondOutput()
    {
        using var pipes = await Pipes.MakeAsync();
        var process = new ScriptedProcess(terminal: true);
        await using var streams = ProcessStreams.Open(pipes.Input, pipes.Output, "binary:///bin/nothing", true, NullLogger.Instance, _time);
        await using var reader = await Pipes.OpenReaderAsync(pipes.Output);
        streams.Start(process.Process);
        await using (var writer = await Pipes.OpenWriterAsync(pipes.Input))
        {
            await writer.WriteAsync("ls\n"u8.ToArray());
        }

        streams.CloseInput();
        Sent(await process.SentAsync()).ShouldBe((FrameType.Input, "ls\n"));
        // Its pipe is closed: a writer would wait for ever for somebody to read it, or be told that nobody does.
        var next = process.SentAsync();
        process.Write("out"u8.ToArray());
        process.Exit();

        (await ReadAllAsync(reader)).ShouldBe("out"u8.ToArray());
        await streams.Drained.Soonest();
        next.IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public async Task WhoWritesToAnEndedProcessIsToldAtOnce()
    {
        using var pipes = await Pipes.MakeAsync();
        var process = new ScriptedProcess();
        await using var streams = Open(pipes.Input, "", "");
        await using var writer = await Pipes.OpenWriterAsync(pipes.Input);
        streams.Start(process.Process);
        process.Exit();
        await streams.Drained.Soonest();

        await Should.ThrowAsync<IOException>(async () => await writer.WriteAsync(new byte[1]));
    }

    [Fact]
    public async Task ALostGuestEndsTheStreamsAfterWhatHadCome()
    {
        using var pipes = await Pipes.MakeAsync();
        var process = new ScriptedProcess();
        await using var streams = Open(pipes.Input, pipes.Output, pipes.Error);
        await using var reader = await Pipes.OpenReaderAsync(pipes.Output);
        streams.Start(process.Process);
        process.Write("last words"u8.ToArray());

        process.LoseConnection();

        (await ReadAllAsync(reader)).ShouldBe("last words"u8.ToArray());
        await streams.Drained.Soonest();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ClosingEndsItAtOnce(bool started)
    {
        using var pipes = await Pipes.MakeAsync();
        var process = new ScriptedProcess();
        var streams = Open(pipes.Input, pipes.Output, pipes.Error);
        if (started)
        {
            streams.Start(process.Process);
            process.Write(new byte[ScriptedProcess.Window]);
        }

        await streams.DisposeAsync().AsTask().Soonest();

        await streams.Drained.Soonest();
        await streams.DisposeAsync();
    }

    [Fact]
    public async Task WhatIsNoNamedPipeIsRefusedAndNothingStaysOpen()
    {
        using var pipes = await Pipes.MakeAsync();
        await File.WriteAllTextAsync(pipes.File, "");
        var before = OpenFiles();

        foreach (var (path, words) in new[]
        {
            (pipes.File, "a named pipe is expected"), ("/dev/null", "a named pipe is expected"), ("file:///var/log/x", "file://"), ("binary:///bin/x?a=b", "binary://"),
            ("out", "the path of a named pipe"), (pipes.File + ".gone", "No such file"),
        })
        {
            var fault = Should.Throw<ShimException>(() => Open(pipes.Input, pipes.Output, path));
            fault.Code.ShouldBe(Grpc.Core.StatusCode.InvalidArgument);
            fault.Message.ShouldContain(words);
            Should.Throw<ShimException>(() => Open(pipes.Input, path, ""));
            Should.Throw<ShimException>(() => Open(path, "", ""));
        }

        OpenFiles().ShouldBe(before);
        await using var streams = Open($"fifo://{pipes.Input}", $"fifo://{pipes.Output}", "");

        // Tests beside this one open files of their own, and none of these.
        int OpenFiles() => Directory.EnumerateFiles("/proc/self/fd").Count(f => new FileInfo(f).LinkTarget?.StartsWith(Path.GetDirectoryName(pipes.File)!, StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task AHundredProcessesThatWaitTakeNoThreadEach()
    {
        using var pipes = await Pipes.MakeAsync();
        await using var first = Open(pipes.Input, pipes.Output, pipes.Error);
        first.Start(new ScriptedProcess().Process);
        var before = Threads();
        var all = new List<ProcessStreams>();
        for (var i = 0; i < 100; i++)
        {
            all.Add(Open(pipes.Input, pipes.Output, pipes.Error));
            all[i].Start(new ScriptedProcess().Process);
        }

        (Threads() - before).ShouldBeLessThan(50);
        foreach (var streams in all)
        {
            await streams.DisposeAsync();
        }

        static int Threads() => Directory.EnumerateDirectories("/proc/self/task").Count();
    }

    private bool IsDrainedLater(ProcessStreams streams)
    {
        _time.Advance(ProcessStreams.Rest);
        return streams.Drained.IsCompleted;
    }

    private static (FrameType Type, string Text) Sent((FrameType Type, byte[] Payload) frame) => (frame.Type, System.Text.Encoding.UTF8.GetString(frame.Payload));

    private static async Task<byte[]> ReadAllAsync(FileStream from)
    {
        using var all = new MemoryStream();
        await from.CopyToAsync(all).Soonest();
        return all.ToArray();
    }

    private static async Task<byte[]> ReadAsync(FileStream from, int count)
    {
        var bytes = new byte[count];
        await from.ReadExactlyAsync(bytes).AsTask().Soonest();
        return bytes;
    }

    private ProcessStreams Open(string stdin, string stdout, string stderr) => ProcessStreams.Open(stdin, stdout, stderr, false, NullLogger.Instance, _time);
}
