using System.Text;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Templating.Testing.Nodes;
using Templating.V1;

namespace Templating.IntegrationTests.Node;

/// <summary>Programs at a terminal and of other users, in a real guest.</summary>
public sealed class TerminalTests(SharedNode shared) : SharedNodeTest(shared)
{
    [Fact]
    public async Task ShellAtATerminalKnowsItsSizeFollowsResizesAndTakesCtrlC()
    {
        var clone = await CloneAsync();
        using var call = Client.Clones.ExecClone(cancellationToken: Limit);
        await SendAsync(call, new ExecCloneRequest
        {
            Start = new ExecStart
            {
                Name = clone.Name,
                Arguments = { "sh" },
                WithInput = true,
                Terminal = new TerminalSize { Rows = 30, Columns = 100 },
                Environment = { ["TERM"] = "vt100" },
            },
        });
        await UntilAsync(call, "# ");
        await TypeAsync(call, "tty; stty size; echo $TERM-$?\n");
        (await UntilAsync(call, "vt100-0\r\n")).ShouldMatch(@"/dev/pts/\d+\r\n30 100\r\n");
        await SendAsync(call, new ExecCloneRequest { Resize = new TerminalSize { Rows = 50, Columns = 132 } });
        await TypeAsync(call, "stty size\n");
        await UntilAsync(call, "\n50 132\r\n");
        await TypeAsync(call, "sleep 4242\n");
        (await ShellAsync(clone, "for i in $(seq 300); do pidof sleep && exit; usleep 100000; done; exit 1")).ExitCode.ShouldBe(0);
        await TypeAsync(call, "\u0003");
        await TypeAsync(call, "echo ended=$?\n");
        await UntilAsync(call, "\nended=130\r\n");
        await TypeAsync(call, "\u0004");
        (await EndAsync(call)).ShouldBe(new ExecExit());
    }

    [Fact]
    public async Task CallerThatGoesAwayHangsUpTheTerminal()
    {
        var clone = await CloneAsync();
        using (var call = Client.Clones.ExecClone(cancellationToken: Limit))
        {
            await SendAsync(call, new ExecCloneRequest
            {
                Start = new ExecStart
                {
                    Name = clone.Name,
                    Arguments = { "sh", "-c", "set -m; echo on; sleep 6543" },
                    Terminal = new TerminalSize { Rows = 24, Columns = 80 },
                },
            });
            await UntilAsync(call, "on\r\n");
        }

        (await ShellAsync(clone, "for i in $(seq 300); do pidof sleep >/dev/null || exit 0; usleep 100000; done; exit 1")).ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task ProgramRunsAsTheUserItIsToldTo()
    {
        var clone = await CloneAsync();

        var result = await Client.ExecAsync(
            new ExecStart { Name = clone.Name, Arguments = { "sh", "-c", "id -u; id -G; echo $USER; cat /run/templating/user-data" }, User = "1000:1001" }, Limit);
        var root = await Client.ExecAsync(new ExecStart { Name = clone.Name, Arguments = { "id", "-u" }, User = "root" }, Limit);

        result.Output.ShouldBe("1000\n1001\n1000\n");
        result.Error.ShouldContain("Permission denied");
        root.Output.ShouldBe("0\n");
        var failure = await Should.ThrowAsync<Api.Client.TemplatingClientException>(
            Client.ExecAsync(new ExecStart { Name = clone.Name, Arguments = { "true" }, User = "eve" }, Limit));
        failure.Code.ShouldBe(StatusCode.InvalidArgument);
        failure.Message.ShouldContain("No user eve in /etc/passwd");
    }

    [Fact]
    public async Task EndOfAProgramTellsATimeoutFromLackOfMemoryFromASignal()
    {
        var clone = await CloneAsync();

        (await RunAsync(new ExecStart { Name = clone.Name, Arguments = { "sleep", "4321" }, Timeout = Duration.FromTimeSpan(TimeSpan.FromSeconds(1)) }))
            .ShouldBe(new ExecExit { Code = 137, Signal = 9, TimedOut = true });
        (await RunAsync(new ExecStart { Name = clone.Name, Arguments = { "tail", "/dev/zero" } }))
            .ShouldBe(new ExecExit { Code = 137, Signal = 9, OomKilled = true });
        (await RunAsync(new ExecStart { Name = clone.Name, Arguments = { "sleep", "4321" } }, signal: 9))
            .ShouldBe(new ExecExit { Code = 137, Signal = 9 });
        (await RunAsync(new ExecStart { Name = clone.Name, Arguments = { "sleep", "4321" } }, signal: 15))
            .ShouldBe(new ExecExit { Code = 143, Signal = 15 });
    }

    private static async Task<string> UntilAsync(AsyncDuplexStreamingCall<ExecCloneRequest, ExecCloneResponse> call, string expected)
    {
        var said = new StringBuilder();
        while (!said.ToString().Contains(expected, StringComparison.Ordinal))
        {
            (await call.ResponseStream.MoveNext()).ShouldBeTrue();
            call.ResponseStream.Current.Exit.ShouldBeNull(said.ToString());
            said.Append(call.ResponseStream.Current.StandardOutput.ToStringUtf8());
        }

        return said.ToString();
    }

    private static async Task<ExecExit> EndAsync(AsyncDuplexStreamingCall<ExecCloneRequest, ExecCloneResponse> call)
    {
        while (await call.ResponseStream.MoveNext())
        {
            if (call.ResponseStream.Current.Exit is { } exit)
            {
                return exit;
            }
        }

        throw new InvalidOperationException("The call ended without an exit code.");
    }

    private static Task TypeAsync(AsyncDuplexStreamingCall<ExecCloneRequest, ExecCloneResponse> call, string keys) =>
        SendAsync(call, new ExecCloneRequest { StandardInput = ByteString.CopyFromUtf8(keys) });

    private static Task SendAsync(AsyncDuplexStreamingCall<ExecCloneRequest, ExecCloneResponse> call, ExecCloneRequest request) =>
        call.RequestStream.WriteAsync(request);

    private async Task<ExecExit> RunAsync(ExecStart start, int signal = 0)
    {
        using var call = Client.Clones.ExecClone(cancellationToken: Limit);
        await SendAsync(call, new ExecCloneRequest { Start = start });
        if (signal != 0)
        {
            await SendAsync(call, new ExecCloneRequest { Signal = signal });
        }

        await call.RequestStream.CompleteAsync();
        return await EndAsync(call);
    }
}
