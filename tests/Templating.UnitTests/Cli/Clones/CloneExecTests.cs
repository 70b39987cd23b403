using System.Text;
using Google.Protobuf;
using Grpc.Core;
using Templating.Cli.Exits;
using Templating.UnitTests.Cli.Fakes;
using Templating.V1;

namespace Templating.UnitTests.Cli.Clones;

public sealed class CloneExecTests
{
    [Fact]
    public async Task OutputComesThroughAndTheExitCodeIsTheGuests()
    {
        await using var node = await FakeNode.StartAsync();
        ExecStart? start = null;
        node.Clones.OnExec = async (requests, responses, _) =>
        {
            await requests.MoveNext();
            start = requests.Current.Start;
            await responses.WriteAsync(new ExecCloneResponse { StandardOutput = ByteString.CopyFromUtf8("out") });
            await responses.WriteAsync(new ExecCloneResponse { StandardError = ByteString.CopyFromUtf8("err") });
            await responses.WriteAsync(new ExecCloneResponse { Exit = new ExecExit { Code = 42 } });
        };
        var run = await CliRun.OfAsync(node, "clone", "exec", "web-1", "-e", "A=1", "-w", "/tmp", "--", "sh", "-c", "exit 42", "-o", "json");
        run.ShouldBe(new CliRun(42, "out", "err"));
        start!.Name.ShouldBe("tenants/default/clones/web-1");
        start.Arguments.ShouldBe(["sh", "-c", "exit 42", "-o", "json"]);
        start.Environment["A"].ShouldBe("1");
        start.WorkingDirectory.ShouldBe("/tmp");
        start.WithInput.ShouldBeFalse();
    }

    [Fact]
    public async Task StandardInputIsPassedOnToItsEnd()
    {
        await using var node = await FakeNode.StartAsync();
        var closed = false;
        node.Clones.OnExec = async (requests, responses, _) =>
        {
            while (await requests.MoveNext())
            {
                closed |= requests.Current.CloseInput;
                if (requests.Current.RequestCase == ExecCloneRequest.RequestOneofCase.StandardInput)
                {
                    requests.Current.StandardInput.Length.ShouldBeLessThanOrEqualTo(64 * 1024);
                    await responses.WriteAsync(new ExecCloneResponse { StandardOutput = requests.Current.StandardInput });
                }
            }

            await responses.WriteAsync(new ExecCloneResponse { Exit = new ExecExit() });
        };
        var input = new string('x', 200_000) + "end";
        var run = await CliRun.OfAsync(
            node, host => host with { StandardInput = () => new MemoryStream(Encoding.UTF8.GetBytes(input)) }, ["clone", "exec", "-i", "web-1", "--", "cat"]);
        run.ShouldBe(new CliRun(0, input, ""));
        closed.ShouldBeTrue();
    }

    [Fact]
    public async Task InputThatNeverEndsDoesNotHoldTheCommandBack()
    {
        await using var node = await FakeNode.StartAsync();
        node.Clones.OnExec = (_, responses, _) => responses.WriteAsync(new ExecCloneResponse { Exit = new ExecExit { Code = 3 } });
        var pipe = new System.IO.Pipelines.Pipe();
        var run = await CliRun.OfAsync(node, host => host with { StandardInput = () => pipe.Reader.AsStream() }, ["clone", "exec", "-i", "web-1", "--", "true"]);
        run.Code.ShouldBe(3);
    }

    [Theory]
    [InlineData("clone exec web-1")]
    [InlineData("clone exec web-1 --no-such-thing=1 --output x -- true")]
    [InlineData("clone exec Web_1 -- true")]
    [InlineData("clone exec web-1 -- true")]
    public async Task OurOwnFailuresAre125WhateverTheyAre(string line)
    {
        var run = await CliRun.OfAsync(line.Split(' '));
        run.Code.ShouldBe(ExitCode.Exec);
        run.Error.ShouldStartWith("error: ");
    }

    [Fact]
    public async Task ARefusalOfTheDaemonIs125()
    {
        await using var node = await FakeNode.StartAsync();
        node.Clones.OnExec = (_, _, _) => throw Failed.With(StatusCode.FailedPrecondition, "ILLEGAL_STATE", "It is paused.");
        (await CliRun.OfAsync(node, "clone", "exec", "web-1", "--", "true")).ShouldBe(new CliRun(125, "", "error: It is paused.\n"));
        node.Clones.OnExec = (_, _, _) => Task.CompletedTask;
        (await CliRun.OfAsync(node, "clone", "exec", "web-1", "--", "true")).Code.ShouldBe(125);
    }

    [Fact]
    public async Task CtrlCCancelsTheCallSoThatTheDaemonKillsTheProgram()
    {
        await using var node = await FakeNode.StartAsync();
        using var interrupt = new CancellationTokenSource();
        var killed = new TaskCompletionSource();
        node.Clones.OnExec = async (_, _, context) =>
        {
            using var registration = context.CancellationToken.Register(killed.SetResult);
            await interrupt.CancelAsync();
            await killed.Task;
        };
        var run = await CliRun.OfAsync(node, host => host, ["clone", "exec", "web-1", "--", "sleep", "100"], interrupt.Token);
        run.Code.ShouldBe(ExitCode.Interrupted);
        await killed.Task.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
    }
}
