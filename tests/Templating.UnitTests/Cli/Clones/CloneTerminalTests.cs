using Google.Protobuf;
using Grpc.Core;
using Templating.Cli.Exits;
using Templating.Cli.Terminals;
using Templating.UnitTests.Cli.Fakes;
using Templating.V1;

namespace Templating.UnitTests.Cli.Clones;

public sealed class CloneTerminalTests
{
    [Fact]
    public async Task KeysGoRawToATerminalOfThisSizeAndItsChangesFollow()
    {
        await using var node = await FakeNode.StartAsync();
        var terminal = new FakeTerminal();
        ExecStart? start = null;
        TerminalSize? size = null;
        var wasRaw = false;
        node.Clones.OnExec = async (requests, responses, _) =>
        {
            await requests.MoveNext();
            start = requests.Current.Start;
            wasRaw = terminal.IsRaw;
            terminal.Resize(50, 132);
            while (size is null && await requests.MoveNext())
            {
                size = requests.Current.Resize;
            }

            await responses.WriteAsync(new ExecCloneResponse { StandardOutput = ByteString.CopyFromUtf8("# \r\n") });
            await responses.WriteAsync(new ExecCloneResponse { Exit = new ExecExit { Code = 5 } });
        };
        var run = await CliRun.OfAsync(
            node,
            host => host with { InputIsTerminal = true, Terminal = terminal, StandardInput = () => new System.IO.Pipelines.Pipe().Reader.AsStream() },
            ["clone", "exec", "-it", "-u", "ann:staff", "web-1", "--", "sh"]);

        run.ShouldBe(new CliRun(5, "# \r\n", ""));
        start!.Terminal.ShouldBe(new TerminalSize { Rows = 24, Columns = 80 });
        (start.User, start.Environment["TERM"], start.WithInput).ShouldBe(("ann:staff", "xterm", true));
        size.ShouldBe(new TerminalSize { Rows = 50, Columns = 132 });
        (wasRaw, terminal.IsRaw, terminal.IsWatched).ShouldBe((true, false, false));
    }

    [Fact]
    public async Task ARealTerminalIsShownRawAndGivenBack()
    {
        await using var node = await FakeNode.StartAsync();
        ExecStart? start = null;
        node.Clones.OnExec = async (requests, responses, _) =>
        {
            await requests.MoveNext();
            start = requests.Current.Start;
            await responses.WriteAsync(new ExecCloneResponse { Exit = new ExecExit { Code = 5 } });
        };
        var run = await ShellRun.OfAsync(
            node,
            "TERM=vt100 script -qec \"bash -c '$LINE'\" /dev/null",
            new Dictionary<string, string> { ["LINE"] = "stty rows 33 cols 77; stty -g; $B clone exec -it web-1 -- sh; echo code=$?; stty -g" });

        var lines = run.Output.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        lines.Length.ShouldBe(3, run.Output);
        lines[1].ShouldBe("code=5");
        lines[2].ShouldBe(lines[0]);
        start!.Terminal.ShouldBe(new TerminalSize { Rows = 33, Columns = 77 });
        start.Environment["TERM"].ShouldBe("vt100");
    }

    [Fact]
    public async Task TheTerminalIsAsItWasWhereTheCallFails()
    {
        var terminal = new FakeTerminal();
        var run = await CliRun.OfAsync(
            host => host with { InputIsTerminal = true, Terminal = terminal }, ["clone", "exec", "-it", "web-1", "--", "sh"], CancellationToken.None);

        run.Code.ShouldBe(ExitCode.Exec);
        (terminal.WasRaw, terminal.IsRaw, terminal.IsWatched).ShouldBe((true, false, false));
    }

    [Theory]
    [InlineData("clone exec -it web-1 -- sh")]
    [InlineData("pod exec -i -t -- sh")]
    public async Task WithoutATerminalThereIsNoneToGive(string line)
    {
        var run = await CliRun.OfAsync(line.Split(' '));

        run.Code.ShouldBe(ExitCode.Exec);
        run.Error.ShouldStartWith("error: Unable to use a TTY: standard input is not a terminal.");
    }

    [Theory]
    [InlineData(true, false, "The program's time was over, and it was killed.\n")]
    [InlineData(false, true, "The guest's kernel killed the program, for the guest is out of memory.\n")]
    [InlineData(false, false, "")]
    public async Task WhyTheProgramWasKilledIsSaid(bool timedOut, bool oomKilled, string said)
    {
        await using var node = await FakeNode.StartAsync();
        node.Clones.OnExec = (_, responses, _) => responses.WriteAsync(
            new ExecCloneResponse { Exit = new ExecExit { Code = 137, Signal = 9, TimedOut = timedOut, OomKilled = oomKilled } });

        (await CliRun.OfAsync(node, "clone", "exec", "web-1", "--", "sh")).ShouldBe(new CliRun(137, "", said));
    }

    private sealed class FakeTerminal : IOwnTerminal
    {
        private Action? _changed;

        public (int Rows, int Columns)? Size { get; private set; } = (24, 80);

        public bool IsRaw { get; private set; }

        public bool WasRaw { get; private set; }

        public bool IsWatched => _changed is not null;

        public IDisposable MakeRaw()
        {
            (IsRaw, WasRaw) = (true, true);
            return new Undo(() => IsRaw = false);
        }

        public IDisposable WatchSize(Action changed)
        {
            _changed = changed;
            return new Undo(() => _changed = null);
        }

        public void Resize(int rows, int columns)
        {
            Size = (rows, columns);
            _changed!();
        }
    }

    private sealed class Undo(Action undo) : IDisposable
    {
        public void Dispose() => undo();
    }
}
