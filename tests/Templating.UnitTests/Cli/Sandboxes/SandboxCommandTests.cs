using Grpc.Core;
using Templating.Cli.Exits;
using Templating.UnitTests.Cli.Fakes;
using Templating.V1;

namespace Templating.UnitTests.Cli.Sandboxes;

public sealed class SandboxCommandTests
{
    [Fact]
    public async Task ListShowsWhoOwnsWhatAndWhetherItIsDetached()
    {
        await using var node = await FakeNode.StartAsync();
        node.Sandboxes.OnList = request => request.PageToken.Length == 0
            ? new ListSandboxesResponse { Sandboxes = { Samples.Sandbox("pod-1") }, NextPageToken = "more" }
            : new ListSandboxesResponse { Sandboxes = { Samples.Sandbox("pod-2", detached: true) } };

        var run = await CliRun.OfAsync(node, "sandbox", "list");

        run.Code.ShouldBe(ExitCode.Ok);
        run.Out.Split('\n').Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries))).ShouldBe(
            ["ID TEMPLATE STATE READY OWNER DETACHED AGE", "pod-1 web Running yes 4711 no 5m", "pod-2 web Running yes 4711 yes 5m", ""]);
        (await CliRun.OfAsync(node, "sandbox", "list", "-o", "name")).Out.ShouldBe("tenants/default/clones/pod-1\ntenants/default/clones/pod-2\n");
        (await CliRun.OfAsync(node, "sandbox", "list", "-o", "wide")).Out.ShouldContain("/shim.sock");
    }

    [Fact]
    public async Task ListOfNoneSaysSoAndAWatchTellsChanges()
    {
        await using var node = await FakeNode.StartAsync();
        node.Sandboxes.OnList = _ => new ListSandboxesResponse();
        node.Sandboxes.Changes = [new() { Type = ChangeType.Synced }, new() { Type = ChangeType.Added, Sandbox = Samples.Sandbox("pod-1") }];

        (await CliRun.OfAsync(node, "sandbox", "list")).Error.ShouldBe("No sandboxes in tenants/default.\n");
        (await CliRun.OfAsync(node, "sandbox", "list", "--watch", "-o", "name")).Out.ShouldBe("added tenants/default/clones/pod-1\n");
    }

    [Fact]
    public async Task ShowTellsThePortsSocketAndHowFarItMayGrow()
    {
        await using var node = await FakeNode.StartAsync();
        node.Sandboxes.OnGet = request => request.Name == "tenants/default/clones/pod-1" ? Samples.Sandbox("pod-1") : throw new RpcException(Status.DefaultCancelled);

        var run = await CliRun.OfAsync(node, "sandbox", "show", "pod-1");

        run.Code.ShouldBe(ExitCode.Ok);
        foreach (var part in new[] { "4711", "/run/templating/clones/0123456789abcdef/shim.sock", "15", "256MiB of at most 1GiB", "1 of at most 2" })
        {
            run.Out.ShouldContain(part);
        }
    }

    [Fact]
    public async Task ReleaseEndsEachAndTellsHowWithItsGraceSent()
    {
        await using var node = await FakeNode.StartAsync();
        var seen = new List<ReleaseSandboxRequest>();
        node.Sandboxes.OnRelease = request =>
        {
            lock (seen)
            {
                seen.Add(request);
            }

            return request.Name.EndsWith("none", StringComparison.Ordinal)
                ? throw new RpcException(new Status(StatusCode.NotFound, "There is none."))
                : new ReleaseSandboxResponse { Reason = "it was released" };
        };

        var run = await CliRun.OfAsync(node, "sandbox", "release", "pod-1", "pod-2", "--grace", "3s");
        run.Code.ShouldBe(ExitCode.Ok);
        run.Out.ShouldContain("RELEASED");
        run.Out.ShouldContain("it was released");
        seen.Select(r => r.Name).ShouldBe(["tenants/default/clones/pod-1", "tenants/default/clones/pod-2"], ignoreOrder: true);
        seen.ShouldAllBe(r => r.GracePeriod.Seconds == 3);

        var failed = await CliRun.OfAsync(node, "sandbox", "release", "pod-1", "none", "-o", "name");
        (failed.Code, failed.Out).ShouldBe((ExitCode.NotFound, "tenants/default/clones/pod-1\n"));
        (await CliRun.OfAsync(node, "sandbox", "release")).Code.ShouldBe(ExitCode.Usage);
    }

    [Fact]
    public async Task HoldIsThisCommandsUnlessItDetachesAndEndsWithItsSandbox()
    {
        await using var node = await FakeNode.StartAsync();
        AcquireSandbox? seen = null;
        node.Sandboxes.OnHold = async (requests, responses, _) =>
        {
            await requests.MoveNext();
            seen = requests.Current.Acquire;
            await responses.WriteAsync(new HoldResponse { Held = Samples.Sandbox("pod-1") });
            await responses.WriteAsync(new HoldResponse { Ended = new SandboxEnded { Reason = "it was released" } });
        };

        var run = await CliRun.OfAsync(
            node, "sandbox", "hold", "tenants/default/templates/box", "--id", "pod-1", "--env", "A=1", "--cgroup", "/sys/fs/cgroup/x", "-o", "name");

        (run.Code, run.Out).ShouldBe((ExitCode.Failure, "tenants/default/clones/pod-1\n"));
        run.Error.ShouldContain("it was released");
        seen.ShouldNotBeNull().ShouldSatisfyAllConditions(
            a => a.SandboxId.ShouldBe("pod-1"), a => a.Owner.Pid.ShouldBe(Environment.ProcessId), a => a.Cgroups.ShouldBe(["/sys/fs/cgroup/x"]),
            a => a.Spec.Template.ShouldBe("tenants/default/templates/box"), a => a.Spec.Environment["A"].ShouldBe("1"));
    }

    [Fact]
    public async Task HoldThatDetachesEndsWhenThatIsAnsweredAndNeedsAnOwner()
    {
        await using var node = await FakeNode.StartAsync();
        AcquireSandbox? seen = null;
        node.Sandboxes.OnHold = async (requests, responses, _) =>
        {
            await requests.MoveNext();
            seen = requests.Current.Acquire;
            await responses.WriteAsync(new HoldResponse { Held = Samples.Sandbox("pod-1") });
            await requests.MoveNext();
            requests.Current.Detach.ShouldNotBeNull();
            await responses.WriteAsync(new HoldResponse { Detached = new SandboxDetached() });
            await requests.MoveNext();
        };

        var run = await CliRun.OfAsync(node, "sandbox", "hold", "box", "--id", "pod-1", "--owner-pid", "77", "--detach", "-o", "json");
        run.Code.ShouldBe(ExitCode.Ok);
        run.Out.ShouldContain("\"detached\": true");
        seen!.Owner.Pid.ShouldBe(77);

        var refused = await CliRun.OfAsync(node, "sandbox", "hold", "box", "--id", "pod-1", "--detach");
        refused.Code.ShouldBe(ExitCode.Usage);
        refused.Error.ShouldContain("--owner-pid");
        (await CliRun.OfAsync(node, "sandbox", "hold", "box")).Code.ShouldBe(ExitCode.Usage);
    }

    [Fact]
    public async Task ARefusalOfAHoldIsTold()
    {
        await using var node = await FakeNode.StartAsync();
        node.Sandboxes.OnHold = (_, _, _) => throw new RpcException(new Status(StatusCode.AlreadyExists, "It is another's."));

        var run = await CliRun.OfAsync(node, "sandbox", "hold", "box", "--id", "pod-1");

        run.Code.ShouldBe(ExitCode.Precondition);
        run.Error.ShouldContain("It is another's.");
    }
}
