using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Templating.Testing.Nodes;
using Templating.V1;

namespace Templating.IntegrationTests.Node;

public sealed class ExecTests(SharedNode shared) : SharedNodeTest(shared)
{
    [Fact]
    public async Task OutputErrorsInputAndExitCodeGoThrough()
    {
        var clone = await CloneAsync();

        var result = await ShellAsync(clone, "pwd; cat; echo sad >&2; exit 7", "from here\n");
        var inFolder = await Client.ExecAsync(
            new ExecStart { Name = clone.Name, Arguments = { "sh", "-c", "pwd; echo $A" }, WorkingDirectory = "/proc", Environment = { ["A"] = "b" } }, Limit);

        result.ShouldBe(new ExecResult("/\nfrom here\n", "sad\n", 7));
        (await ShellAsync(clone, "echo $HOME $USER $LOGNAME")).Output.ShouldBe("/root root root\n");
        inFolder.ShouldBe(new ExecResult("/proc\nb\n", "", 0));
    }

    [Fact]
    public async Task MegabytesGoThroughWholeBothWays()
    {
        var clone = await CloneAsync();
        var text = string.Concat(Enumerable.Range(0, 60_000).Select(i => $"{i:d7}\n"));

        var echoed = await ShellAsync(clone, "cat", text);
        var made = await ShellAsync(clone, "head -c 3000000 /dev/zero | tr '\\0' x");

        echoed.Output.ShouldBe(text);
        made.Output.ShouldBe(new string('x', 3_000_000));
    }

    [Fact]
    public async Task ProgramThatTakesTooLongIsKilledInTheGuest()
    {
        var clone = await CloneAsync();

        var result = await Client.ExecAsync(
            new ExecStart { Name = clone.Name, Arguments = { "sleep", "4321" }, Timeout = Duration.FromTimeSpan(TimeSpan.FromSeconds(1)) }, Limit);

        result.ExitCode.ShouldBe(128 + 9);
        (await ShellAsync(clone, "ps | grep -c '[s]leep 4321'")).Output.Trim().ShouldBe("0");
    }

    [Fact]
    public async Task CallerThatGoesAwayTakesTheProgramWithIt()
    {
        var clone = await CloneAsync();
        using (var call = Client.Clones.ExecClone(cancellationToken: Limit))
        {
            await call.RequestStream.WriteAsync(
                new ExecCloneRequest { Start = new ExecStart { Name = clone.Name, Arguments = { "sh", "-c", "echo on; exec sleep 5432" } } }, Limit);
            (await call.ResponseStream.MoveNext(Limit)).ShouldBeTrue();
        }

        // The guest is told when the daemon has seen the caller go.
        var left = await ShellAsync(clone, "for i in $(seq 300); do ps | grep -q '[s]leep 5432' || break; usleep 100000; done; ps | grep -c '[s]leep 5432'");
        left.Output.Trim().ShouldBe("0");
    }

    [Fact]
    public async Task ProgramThatIsNotThereIsNamed()
    {
        var clone = await CloneAsync();

        var missing = await Client.ExecAsync(new ExecStart { Name = clone.Name, Arguments = { "/no/such/program" } }, Limit);

        missing.ExitCode.ShouldBe(127);
        missing.Error.ShouldContain("/no/such/program");
        (await ShellAsync(clone, "echo on")).Output.ShouldBe("on\n");
    }

    [Fact]
    public async Task FirstMessageThatIsNoStartIsRefused()
    {
        using var call = Client.Clones.ExecClone(cancellationToken: Limit);
        await call.RequestStream.WriteAsync(new ExecCloneRequest { CloseInput = true }, Limit);

        var failure = await FailsAsync(call.ResponseStream.MoveNext(Limit), StatusCode.InvalidArgument, "INVALID_ARGUMENT");

        failure.Violations.ShouldHaveSingleItem().Field.ShouldBe("start");
    }

    [Fact]
    public async Task GuestWhoseAgentDiesGivesAClearErrorAndNotSilence()
    {
        var clone = await CloneAsync();

        // The keeper first, or it starts another after a second.
        var killing = ShellAsync(clone, "agent=$(pidof templating-guest); kill -9 $(awk '{print $4}' /proc/$agent/stat); sleep 1; kill -9 $agent; sleep 100");

        var failure = await Should.ThrowAsync<Api.Client.TemplatingClientException>(killing);
        failure.Reason.ShouldBe("GUEST_AGENT_FAILED", failure.Message);
        (await Client.GetAsync(clone, Limit)).State.ShouldBe(CloneState.Running);
    }
}
