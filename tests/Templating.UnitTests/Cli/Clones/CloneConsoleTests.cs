using Google.Protobuf;
using Grpc.Core;
using Templating.Api.Client;
using Templating.Cli.Base;
using Templating.Cli.Guests;
using Templating.UnitTests.Api;
using Templating.UnitTests.Cli.Fakes;
using Templating.V1;

namespace Templating.UnitTests.Cli.Clones;

public sealed class CloneConsoleTests
{
    [Fact]
    public async Task NoFollowPrintsWhatIsRememberedAndEnds()
    {
        await using var node = await FakeNode.StartAsync();
        AttachConsoleStart? start = null;
        node.Clones.OnConsole = async (requests, responses, _) =>
        {
            await requests.MoveNext();
            start = requests.Current.Start;
            await responses.WriteAsync(new AttachConsoleResponse { Output = ByteString.CopyFromUtf8("boot\n") });
        };
        var run = await CliRun.OfAsync(node, "clone", "console", "web-1", "--no-follow");
        run.ShouldBe(new CliRun(0, "boot\n", ""));
        start!.WithHistory.ShouldBeTrue();
        start.NoFollow.ShouldBeTrue();
    }

    [Fact]
    public async Task WithoutATerminalTheInputIsTypedAndTheOutputFollowed()
    {
        await using var node = await FakeNode.StartAsync();
        node.Clones.OnConsole = async (requests, responses, _) =>
        {
            while (await requests.MoveNext())
            {
                if (requests.Current.RequestCase == AttachConsoleRequest.RequestOneofCase.Input)
                {
                    await responses.WriteAsync(new AttachConsoleResponse { Output = requests.Current.Input });
                }
            }

            await responses.WriteAsync(new AttachConsoleResponse { Output = ByteString.CopyFromUtf8("later") });
        };
        var run = await CliRun.OfAsync(
            node, host => host with { StandardInput = () => new MemoryStream("ls\u001d\n"u8.ToArray()) }, ["clone", "console", "web-1"]);
        run.ShouldBe(new CliRun(0, "ls\u001d\nlater", ""));
    }

    [Fact]
    public async Task CtrlBracketLeavesATerminalAfterWhatWasTypedBefore()
    {
        await using var node = await FakeNode.StartAsync();
        var typed = new TaskCompletionSource<string>();
        var left = new TaskCompletionSource();
        node.Clones.OnConsole = async (requests, _, context) =>
        {
            using var registration = context.CancellationToken.Register(() => left.TrySetResult());
            await requests.MoveNext();
            await requests.MoveNext();
            typed.SetResult(requests.Current.Input.ToStringUtf8());
            await left.Task;
        };
        using var client = new TemplatingClient(Clients.Options(node.Address));
        using var call = client.Clones.AttachConsole();
        var keys = new System.IO.Pipelines.Pipe();
        var host = CliHost.OfProcess() with { InputIsTerminal = true, StandardInput = () => keys.Reader.AsStream() };
        var session = new ConsoleSession(host, call).RunAsync(new AttachConsoleStart { Name = "x" }, CancellationToken.None);
        await keys.Writer.WriteAsync("id\n"u8.ToArray());
        (await typed.Task.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System)).ShouldBe("id\n");
        await keys.Writer.WriteAsync(new[] { ConsoleSession.Escape });
        await session.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
        call.Dispose();
        await left.Task.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
    }
}
