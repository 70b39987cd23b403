using Google.Protobuf;
using Templating.Cli.Exits;
using Templating.Testing.Nodes;
using Templating.UnitTests.Cli.Fakes;
using Templating.V1;

namespace Templating.UnitTests.Cli.Terminals;

/// <summary>Output that cannot be written, as scripts, cron jobs and full disks have it: an error with a code, never a core.</summary>
public sealed class OutputLossTests
{
    private const int ReaderGone = 141;

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("version >&-", "Bad file descriptor")]
    [InlineData("version >/dev/full", "No space left on device")]
    [InlineData("version <&- >&-", "Bad file descriptor")]
    [InlineData("--version >/dev/full", "No space left on device")]
    [InlineData("--help >/dev/full", "No space left on device")]
    [InlineData("completion bash >/dev/full", "No space left on device")]
    [InlineData("clone list -o json >/dev/full", "No space left on device")]
    [InlineData("clone list --watch >/dev/full", "No space left on device")]
    [InlineData("clone create web >&-", "Bad file descriptor")]
    [InlineData("template create web --kernel /k >/dev/full", "No space left on device")]
    public async Task OutputThatCannotBeWrittenIsAnError(string line, string word)
    {
        await using var node = await NodeAsync();
        (await ShellRun.OfAsync(node, $"$B {line}")).ShouldSatisfyAllConditions(
            run => run.ExitCode.ShouldBe(ExitCode.Failure),
            run => run.Error.ShouldEndWith($"error: Cannot write to standard output: {word}.\n"),
            run => run.Output.ShouldBeEmpty());
    }

    [Theory]
    [InlineData("clone list 2>&-", 0)]
    [InlineData("clone list 2>/dev/full", 0)]
    [InlineData("template create web --kernel /k 2>&-", 0)]
    [InlineData("template create web --kernel /k 2>/dev/full", 0)]
    [InlineData("version 2>&- <&-", 0)]
    [InlineData("nonsense 2>&-", 2)]
    [InlineData("nonsense >&- 2>&- <&-", 2)]
    [InlineData("version >&- 2>&- <&-", 1)]
    [InlineData("node info --address unix:///nowhere/s 2>/dev/full", 5)]
    [InlineData("clone exec web-1 -- true 2>&-", 7)]
    public async Task WhatCannotBeSaidOnStandardErrorChangesNoResult(string line, int code)
    {
        await using var node = await NodeAsync();
        (await ShellRun.OfAsync(node, $"$B {line}")).ExitCode.ShouldBe(code);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("version")]
    [InlineData("clone list -o json")]
    [InlineData("clone list --watch")]
    [InlineData("clone list --watch -o json")]
    [InlineData("clone console web-1 </dev/null")]
    [InlineData("clone console web-1 <&-")]
    [InlineData("clone exec web-1 -- yes")]
    [InlineData("clone exec -i web-1 -- yes </dev/zero")]
    public async Task AReaderWhoGoesEndsTheCommandWithoutAWord(string line)
    {
        await using var node = await NodeAsync();
        (await ShellRun.OfAsync(node, $"$B {line} | true; exit ${{PIPESTATUS[0]}}")).ShouldBe(new ProgramResult(ReaderGone, "", ""));
    }

    [Fact]
    public async Task ProgressWhoseReaderGoesEndsTheCommand()
    {
        await using var node = await NodeAsync();
        node.Templates.OnCreate = async (_, responses, context) =>
        {
            while (!context.CancellationToken.IsCancellationRequested)
            {
                await responses.WriteAsync(new CreateTemplateResponse { Phase = "boot" });
                await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, context.CancellationToken);
            }
        };
        (await ShellRun.OfAsync(node, "$B template create web --kernel /k 2>&1 | head -1; exit ${PIPESTATUS[0]}")).ExitCode.ShouldBe(ReaderGone);
    }

    [Fact]
    public async Task AProgramWhoseReaderGoesIsCancelledSoThatTheDaemonKillsIt()
    {
        await using var node = await FakeNode.StartAsync();
        var killed = new TaskCompletionSource();
        node.Clones.OnExec = async (_, responses, context) =>
        {
            using var registration = context.CancellationToken.Register(() => killed.TrySetResult());
            while (!context.CancellationToken.IsCancellationRequested)
            {
                await responses.WriteAsync(new ExecCloneResponse { StandardOutput = ByteString.CopyFromUtf8("y\n") });
            }
        };
        var run = await ShellRun.OfAsync(node, "$B clone exec web-1 -- yes | head -1; exit ${PIPESTATUS[0]}");
        run.ShouldBe(new ProgramResult(ReaderGone, "y\n", ""));
        await killed.Task.WaitAsync(Soon, TimeProvider.System);
    }

    [Theory]
    [InlineData("clone exec -i web-1 -- cat <&-")]
    [InlineData("clone exec -i web-1 -- cat </")]
    public async Task InputThatCannotBeReadEndsTheProgramThatWaitsForIt(string line)
    {
        await using var node = await FakeNode.StartAsync();
        node.Clones.OnExec = async (requests, _, context) =>
        {
            while (await requests.MoveNext(context.CancellationToken))
            {
            }
        };
        var run = await ShellRun.OfAsync(node, $"$B {line}");
        run.ExitCode.ShouldBe(ExitCode.Exec);
        run.Error.ShouldStartWith("error: Cannot read standard input: ");
    }

    private static async Task<FakeNode> NodeAsync()
    {
        var node = await FakeNode.StartAsync();
        node.Clones.OnList = _ => new ListClonesResponse { Clones = { Samples.Clone("web-1") } };
        node.Clones.OnCreate = _ => Samples.Clone("web-1");
        node.Clones.Changes = [new WatchClonesResponse { Type = ChangeType.Synced }];
        node.Clones.HoldsWatches = true;
        node.Clones.OnConsole = (_, _, context) => Task.Delay(Soon, TimeProvider.System, context.CancellationToken);
        node.Clones.OnExec = async (requests, responses, context) =>
        {
            await requests.MoveNext(context.CancellationToken);
            while (requests.Current.Start.Arguments is ["yes"])
            {
                await responses.WriteAsync(new ExecCloneResponse { StandardOutput = ByteString.CopyFromUtf8("y\n") });
            }

            await responses.WriteAsync(new ExecCloneResponse { Exit = new ExecExit { Code = 7 } });
        };
        node.Templates.OnCreate = (_, responses, _) => responses.WriteAsync(new CreateTemplateResponse { Phase = "done", Template = Samples.Template("web") });
        return node;
    }
}
