using Grpc.Core;
using Templating.Cli.Exits;
using Templating.UnitTests.Cli.Fakes;

namespace Templating.UnitTests.Cli.Exits;

public sealed class ExitCodeTests
{
    [Theory]
    [InlineData(StatusCode.InvalidArgument, ExitCode.Usage)]
    [InlineData(StatusCode.NotFound, ExitCode.NotFound)]
    [InlineData(StatusCode.PermissionDenied, ExitCode.Refused)]
    [InlineData(StatusCode.Unavailable, ExitCode.TryAgain)]
    [InlineData(StatusCode.FailedPrecondition, ExitCode.Precondition)]
    [InlineData(StatusCode.Aborted, ExitCode.Precondition)]
    [InlineData(StatusCode.ResourceExhausted, ExitCode.Exhausted)]
    [InlineData(StatusCode.DeadlineExceeded, ExitCode.Deadline)]
    [InlineData(StatusCode.Internal, ExitCode.Failure)]
    public async Task EachKindOfFailureHasItsExitCode(StatusCode status, int code)
    {
        await using var node = await FakeNode.StartAsync();
        node.Clones.OnGet = (_, _) => throw Failed.With(status, "SOME_REASON", "It is so.");
        var run = await CliRun.OfAsync(node, "clone", "show", "web-1");
        run.Code.ShouldBe(code);
        run.Out.ShouldBeEmpty();
        run.Error.ShouldStartWith("error: It is so.\n");
        run.Error.ShouldNotContain("   at ");
    }

    [Fact]
    public async Task ViolationsAreListedByField()
    {
        await using var node = await FakeNode.StartAsync();
        node.Clones.OnCreate = _ => throw Failed.With(
            StatusCode.InvalidArgument, "INVALID_ARGUMENT", "The request has 2 faults.", ("spec.hostname", "Too long."), ("spec.labels", "Too many."));
        var run = await CliRun.OfAsync(node, "clone", "create", "web");
        run.Code.ShouldBe(ExitCode.Usage);
        run.Error.ShouldBe("error: The daemon refused the request; 2 fields are wrong:\n  spec.hostname: Too long.\n  spec.labels: Too many.\n");
    }

    [Fact]
    public async Task ARetryIsHintedAtWhereItMakesSense()
    {
        await using var node = await FakeNode.StartAsync();
        node.Clones.OnCreate = _ => throw Failed.With(StatusCode.ResourceExhausted, "NODE_MEMORY_EXHAUSTED", "No room.");
        var run = await CliRun.OfAsync(node, "clone", "create", "web");
        run.Error.ShouldContain("hint: 'templating node info'");
        run.Error.ShouldContain("hint: Try again in 5s.");
    }

    [Fact]
    public async Task AHintIsLeftOutWhereTheDaemonNamedTheCommandItself()
    {
        await using var node = await FakeNode.StartAsync();
        node.Clones.OnGet = (_, _) => throw Failed.With(StatusCode.NotFound, "CLONE_NOT_FOUND", "None. 'templating clone list' shows those there are.");
        var run = await CliRun.OfAsync(node, "clone", "show", "web-1");
        run.Error.ShouldBe("error: None. 'templating clone list' shows those there are.\n");
    }

    [Fact]
    public async Task VerboseAddsReasonAndTrace()
    {
        await using var node = await FakeNode.StartAsync();
        node.Clones.OnGet = (_, _) => throw Failed.With(StatusCode.NotFound, "CLONE_NOT_FOUND", "No such clone.");
        var run = await CliRun.OfAsync(node, "clone", "show", "web-1", "--verbose");
        run.Error.ShouldContain("reason: NotFound CLONE_NOT_FOUND");
        run.Error.ShouldContain("  step: boot");
        run.Error.ShouldContain("trace: ");
    }

    [Fact]
    public async Task WithoutADaemonTheHintSaysHowToStartOne()
    {
        var run = await CliRun.OfAsync("clone", "list");
        run.Code.ShouldBe(ExitCode.Unavailable);
        run.Error.ShouldBe(
            "error: No daemon answers at unix:///nonexistent/templating.sock: there is no such socket.\n" +
            "hint: Start one with 'templating serve', or name another with --address or TEMPLATING_ADDRESS.\n");
    }

    [Fact]
    public async Task ADeadlineEndsACallThatHangs()
    {
        await using var node = await FakeNode.StartAsync();
        node.Clones.OnGet = async (_, context) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.CancellationToken);
            return Samples.Clone("never");
        };
        var run = await CliRun.OfAsync(
            node, host => host with { Clock = TimeProvider.System }, ["clone", "show", "web-1", "--timeout", "50ms"]);
        run.Code.ShouldBe(ExitCode.Deadline);
        run.Error.ShouldContain("--timeout was 50ms");
    }

    [Fact]
    public async Task CtrlCEndsACallWithTheShellsCode()
    {
        await using var node = await FakeNode.StartAsync();
        using var interrupt = new CancellationTokenSource();
        node.Clones.OnGet = async (_, context) =>
        {
            await interrupt.CancelAsync();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.CancellationToken);
            return Samples.Clone("never");
        };
        var run = await CliRun.OfAsync(node, host => host, ["clone", "show", "web-1"], interrupt.Token);
        run.Code.ShouldBe(ExitCode.Interrupted);
        run.Error.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("clone crate")]
    [InlineData("clone create")]
    [InlineData("clone create web --count 0")]
    [InlineData("clone create web --count 2 --id x")]
    [InlineData("clone create web --env NOVALUE")]
    [InlineData("clone create web --request-id x")]
    [InlineData("clone resize web-1")]
    [InlineData("clone resize web-1 --vcpus 65")]
    [InlineData("clone stop")]
    [InlineData("clone stop a --all")]
    [InlineData("clone list -o xml")]
    [InlineData("clone list --tenant No_Such")]
    [InlineData("clone list --timeout 5")]
    [InlineData("clone list --address http://host:80")]
    [InlineData("clone list --address unix://relative")]
    [InlineData("template create web")]
    [InlineData("template create web --kernel k --memory 1MB --vcpus 65 --keep-revisions -2")]
    [InlineData("serve --address unix:///x")]
    public async Task AWrongCommandLineIsUsageAndSaysWhy(string line)
    {
        var run = await CliRun.OfAsync(line.Split(' '));
        run.Code.ShouldBe(ExitCode.Usage);
        run.Error.ShouldStartWith("error: ");
        run.Out.ShouldBeEmpty();
    }

    [Fact]
    public async Task AllFaultsOfACommandLineAreListedTogether()
    {
        var run = await CliRun.OfAsync("template", "create", "web", "--memory", "1MB", "--vcpus", "65", "--ready-timeout", "5");
        run.Error.ShouldContain("--memory: '1MB' is not allowed; give a number of bytes, or one with Ki");
        run.Error.ShouldContain("--vcpus: '65' is not allowed; give a whole number from 1 to 64.");
        run.Error.ShouldContain("--ready-timeout: '5' is not allowed; give numbers with ms, s, m");
        run.Error.ShouldContain("hint: 'templating template create --help'");
    }
}
