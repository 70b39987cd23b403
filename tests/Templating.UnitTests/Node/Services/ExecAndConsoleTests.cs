using System.Text;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Templating.Core.Clones;
using Templating.Core.Machines;
using Templating.UnitTests.Node.Fakes;
using Templating.V1;

namespace Templating.UnitTests.Node.Services;

public sealed class ExecAndConsoleTests : IAsyncLifetime
{
    private static readonly ExecStart Start = new() { Name = "tenants/a/clones/x", Arguments = { "cat" }, WithInput = true };

    private TestDaemon _daemon = null!;
    private ScriptedClones _scripted = null!;
    private CloneService.CloneServiceClient _clones = null!;

    public async Task InitializeAsync()
    {
        _daemon = await TestDaemon.StartAsync(replace: services =>
            services.AddSingleton<ICloneManager>(provider => new ScriptedClones(provider.GetRequiredService<CloneManager>())));
        _scripted = (ScriptedClones)_daemon.Clones;
        _clones = new CloneService.CloneServiceClient(_daemon.Connect());
    }

    public async Task DisposeAsync() => await _daemon.DisposeAsync();

    [Fact]
    public async Task AProgramGetsItsInputAndGivesItsOutputAndEnd()
    {
        _scripted.Run = Cat;
        using var call = _clones.ExecClone();
        await call.RequestStream.WriteAsync(new ExecCloneRequest { Start = Start });
        await call.RequestStream.WriteAsync(new ExecCloneRequest { StandardInput = ByteString.CopyFromUtf8("hello") });
        await call.ResponseStream.MoveNext();
        call.ResponseStream.Current.StandardOutput.ToStringUtf8().ShouldBe("hello");
        await call.RequestStream.WriteAsync(new ExecCloneRequest { CloseInput = true });
        await call.ResponseStream.MoveNext();

        call.ResponseStream.Current.Exit.ShouldBe(new ExecExit { Code = 128 + 9, Signal = 9 });
        (await call.ResponseStream.MoveNext()).ShouldBeFalse();
    }

    [Fact]
    public async Task InputIsPulledNoFasterThanTheGuestTakesIt()
    {
        var taken = 0;
        var go = new TaskCompletionSource();
        _scripted.Run = (_, input, cancelled) => TakeOneThenWait(input!, () => taken++, go.Task, cancelled);
        using var call = _clones.ExecClone();
        await call.RequestStream.WriteAsync(new ExecCloneRequest { Start = Start });
        var flood = FloodAsync(call.RequestStream, messages: 200);
        await call.ResponseStream.MoveNext();

        taken.ShouldBe(1);
        flood.IsCompleted.ShouldBeFalse();
        go.SetResult();
        await flood;
        await call.RequestStream.CompleteAsync();
        (await call.ResponseStream.ReadAllAsync().LastAsync()).Exit.Code.ShouldBe(0);
        taken.ShouldBe(200);
    }

    [Fact]
    public async Task TooMuchInputInOneMessageEndsTheProgramAndTheCall()
    {
        var killed = new TaskCompletionSource();
        _scripted.Run = (command, input, cancelled) =>
        {
            cancelled.Register(() => killed.TrySetResult());
            return Cat(command, input, cancelled);
        };
        using var call = _clones.ExecClone();
        await call.RequestStream.WriteAsync(new ExecCloneRequest { Start = Start });
        await call.RequestStream.WriteAsync(new ExecCloneRequest { StandardInput = ByteString.CopyFrom(new byte[(64 << 10) + 1]) });

        (await Errors.FailureOf(() => call.ResponseStream.MoveNext())).Fields().ShouldBe(["standard_input"]);
        await killed.Task.WaitAsync(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task SizesAndSignalsReachTheProgramInOrderAndItsEndSaysWhy()
    {
        GuestCommand? asked = null;
        _scripted.Run = (command, input, cancelled) =>
        {
            asked = command;
            return Cat(command, input, cancelled);
        };
        using var call = _clones.ExecClone();
        var start = new ExecStart { Name = Start.Name, Arguments = { "sh" }, Terminal = new V1.TerminalSize { Rows = 30, Columns = 100 }, User = "ann:staff" };
        await call.RequestStream.WriteAsync(new ExecCloneRequest { Start = start });
        await call.RequestStream.WriteAsync(new ExecCloneRequest { Resize = new V1.TerminalSize { Rows = 1, Columns = 65_535 } });
        await call.RequestStream.WriteAsync(new ExecCloneRequest { Signal = 15 });
        await call.RequestStream.WriteAsync(new ExecCloneRequest { CloseInput = true });
        var said = await call.ResponseStream.ReadAllAsync().ToListAsync();

        said.Take(2).Select(r => r.StandardOutput.ToStringUtf8()).ShouldBe(
            [new ExecResize(new Core.Machines.TerminalSize(1, 65_535)).ToString(), new ExecSignal(15).ToString()]);
        (asked!.Terminal, asked.User, asked.TakesInput).ShouldBe((new Core.Machines.TerminalSize(30, 100), "ann:staff", false));
    }

    [Fact]
    public async Task WhyAProgramWasKilledIsTold()
    {
        _scripted.Run = (_, _, _) => AsyncEnumerable.Repeat<ExecOutput>(new ExecExited(null, 9) { TimedOut = true }, 1);
        using var timed = _clones.ExecClone();
        await timed.RequestStream.WriteAsync(new ExecCloneRequest { Start = Start });
        (await timed.ResponseStream.ReadAllAsync().SingleAsync()).Exit.ShouldBe(new ExecExit { Code = 137, Signal = 9, TimedOut = true });

        _scripted.Run = (_, _, _) => AsyncEnumerable.Repeat<ExecOutput>(new ExecExited(null, 9) { OutOfMemory = true }, 1);
        using var starved = _clones.ExecClone();
        await starved.RequestStream.WriteAsync(new ExecCloneRequest { Start = Start });
        (await starved.ResponseStream.ReadAllAsync().SingleAsync()).Exit.ShouldBe(new ExecExit { Code = 137, Signal = 9, OomKilled = true });
    }

    public static TheoryData<ExecCloneRequest, string> Unfit => new()
    {
        { new ExecCloneRequest { Resize = new V1.TerminalSize { Rows = 24, Columns = 80 } }, "resize" },
        { new ExecCloneRequest { Resize = new V1.TerminalSize { Columns = 65_536 } }, "resize,resize.rows,resize.columns" },
        { new ExecCloneRequest { Signal = 65 }, "signal" },
        { new ExecCloneRequest { Signal = 0 }, "signal" },
        { new ExecCloneRequest { StandardInput = ByteString.CopyFrom(new byte[(64 << 10) + 1]) }, "standard_input,standard_input" },
        { new ExecCloneRequest(), "request" },
    };

    [Theory]
    [MemberData(nameof(Unfit))]
    public async Task WhatDoesNotFitTheProgramEndsTheCallWithAllItsFaults(ExecCloneRequest request, string fields)
    {
        _scripted.Run = Cat;
        using var call = _clones.ExecClone();
        await call.RequestStream.WriteAsync(new ExecCloneRequest { Start = new ExecStart { Name = Start.Name, Arguments = { "true" } } });
        await call.RequestStream.WriteAsync(request);

        (await Errors.FailureOf(() => call.ResponseStream.MoveNext())).Fields().ShouldBe(fields.Split(','), ignoreOrder: true);
    }

    [Fact]
    public async Task ACallerWhoGoesAwayEndsTheProgram()
    {
        var killed = new TaskCompletionSource();
        _scripted.Run = (command, input, cancelled) =>
        {
            cancelled.Register(() => killed.TrySetResult());
            return Cat(command, input, cancelled);
        };
        using (var call = _clones.ExecClone())
        {
            await call.RequestStream.WriteAsync(new ExecCloneRequest { Start = Start });
            await call.RequestStream.WriteAsync(new ExecCloneRequest { StandardInput = ByteString.CopyFromUtf8("x") });
            await call.ResponseStream.MoveNext();
        }

        await killed.Task.WaitAsync(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task TheFirstMessageMustStartAProgramAndAllItsFaultsAreTold()
    {
        using var call = _clones.ExecClone();
        await call.RequestStream.WriteAsync(new ExecCloneRequest { CloseInput = true });
        (await Errors.FailureOf(() => call.ResponseStream.MoveNext())).Fields().ShouldBe(["start"]);

        using var bad = _clones.ExecClone();
        await bad.RequestStream.WriteAsync(new ExecCloneRequest
        {
            Start = new ExecStart { Name = "tenants/a/clones/x", WorkingDirectory = "here", Environment = { ["A=B"] = "" }, Timeout = new(), User = "a b", Terminal = new() },
        });
        (await Errors.FailureOf(() => bad.ResponseStream.MoveNext())).Fields()
            .ShouldBe(["start.arguments", "start.working_directory", "start.environment", "start.timeout", "start.user", "start.terminal.rows", "start.terminal.columns"], ignoreOrder: true);
    }

    [Fact]
    public async Task AConsoleSendsItsHistoryThenFollowsAndTakesTyping()
    {
        var console = new EchoConsole("boot\n");
        _scripted.Console = console;
        using (var call = _clones.AttachConsole())
        {
            await call.RequestStream.WriteAsync(
                new AttachConsoleRequest { Start = new AttachConsoleStart { Name = "tenants/a/clones/x", WithHistory = true } });
            await call.RequestStream.WriteAsync(new AttachConsoleRequest { Input = ByteString.CopyFromUtf8("ls\n") });
            await call.RequestStream.CompleteAsync();
            await call.ResponseStream.MoveNext();
            call.ResponseStream.Current.Output.ToStringUtf8().ShouldBe("boot\n");
            await call.ResponseStream.MoveNext();
            call.ResponseStream.Current.Output.ToStringUtf8().ShouldBe("ls\n");
        }

        await console.ReaderLeft.Task.WaitAsync(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task AConsoleThatIsNotFollowedEndsAfterItsHistory()
    {
        _scripted.Console = new EchoConsole("boot\n");
        using var call = _clones.AttachConsole();
        await call.RequestStream.WriteAsync(
            new AttachConsoleRequest { Start = new AttachConsoleStart { Name = "tenants/a/clones/x", WithHistory = true, NoFollow = true } });

        (await call.ResponseStream.ReadAllAsync().ToListAsync()).Single().Output.ToStringUtf8().ShouldBe("boot\n");
    }

    [Fact]
    public async Task TypingTooMuchAtOnceEndsTheConsolesCall()
    {
        _scripted.Console = new EchoConsole("");
        using var call = _clones.AttachConsole();
        await call.RequestStream.WriteAsync(new AttachConsoleRequest { Start = new AttachConsoleStart { Name = "tenants/a/clones/x" } });
        await call.RequestStream.WriteAsync(new AttachConsoleRequest { Input = ByteString.CopyFrom(new byte[4097]) });

        (await Errors.FailureOf(() => call.ResponseStream.MoveNext())).Fields().ShouldBe(["input"]);
    }

    private static async IAsyncEnumerable<ExecOutput> Cat(
        GuestCommand command, IAsyncEnumerable<ExecInput>? input,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var item in input!.WithCancellation(cancellationToken))
        {
            if (item is ExecInputEnd)
            {
                break;
            }

            yield return new ExecStandardOutput(item is ExecInputBytes { Bytes: var bytes } ? bytes.ToArray() : Encoding.UTF8.GetBytes(item.ToString()));
        }

        yield return new ExecExited(null, 9);
    }

    private static async IAsyncEnumerable<ExecOutput> TakeOneThenWait(
        IAsyncEnumerable<ExecInput> input, Action taken, Task go,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var item in input.WithCancellation(cancellationToken))
        {
            taken();
            yield return new ExecStandardOutput(((ExecInputBytes)item).Bytes[..1].ToArray());
            await go.WaitAsync(cancellationToken);
        }

        yield return new ExecExited(0, null);
    }

    private static async Task FloodAsync(IClientStreamWriter<ExecCloneRequest> stream, int messages)
    {
        var request = new ExecCloneRequest { StandardInput = ByteString.CopyFrom(new byte[64 << 10]) };
        for (var i = 0; i < messages; i++)
        {
            await stream.WriteAsync(request);
        }
    }
}
