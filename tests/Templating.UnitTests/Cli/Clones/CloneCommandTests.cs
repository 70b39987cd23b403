using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Grpc.Core;
using Templating.Cli.Exits;
using Templating.UnitTests.Cli.Fakes;
using Templating.V1;

namespace Templating.UnitTests.Cli.Clones;

public sealed class CloneCommandTests
{
    [Fact]
    public async Task CreateSendsEverythingItWasTold()
    {
        await using var node = await FakeNode.StartAsync();
        CreateCloneRequest? seen = null;
        node.Clones.OnCreate = request =>
        {
            seen = request;
            return Samples.Clone("web-1");
        };
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "A=file\nB=file\n");
        var run = await CliRun.OfAsync(
            node, "clone", "create", $"web@{Samples.Revision}", "--id", "web-1", "--hostname", "h", "--env-file", file, "-e", "A=flag", "--forward", "8080:80",
            "--label", "x=y=z", "--wait", "running", "--identity-timeout", "1m", "--user-data", file, "--request-id", "0e2f8b1c-5d7a-4a53-9d0e-6f1c2b3a4d5e");
        File.Delete(file);
        run.Error.ShouldBeEmpty();
        run.Code.ShouldBe(ExitCode.Ok);
        seen!.Id.ShouldBe("web-1");
        seen.WaitFor.ShouldBe(WaitFor.Running);
        seen.RequestId.ShouldBe("0e2f8b1c-5d7a-4a53-9d0e-6f1c2b3a4d5e");
        seen.Spec.Template.ShouldBe($"tenants/default/templates/web/revisions/{Samples.Revision}");
        seen.Spec.Environment.ShouldBe(new Dictionary<string, string> { ["A"] = "flag", ["B"] = "file" }, ignoreOrder: true);
        seen.Spec.Labels.ShouldBe(new Dictionary<string, string> { ["x"] = "y=z" });
        seen.Spec.Network.Forwards.ShouldHaveSingleItem().HostPort.ShouldBe(8080);
        seen.Spec.UserData.ToStringUtf8().ShouldBe("A=file\nB=file\n");
        seen.Spec.IdentityTimeout.ToTimeSpan().ShouldBe(TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task CreatePrintsARowWithThePhasesInMilliseconds()
    {
        await using var node = await FakeNode.StartAsync();
        node.Clones.OnCreate = _ => Samples.Clone("web-1");
        var run = await CliRun.OfAsync(node, "clone", "create", "web");
        run.Out.ShouldBe(
            "ID     STATE    HOSTNAME  PORTS                QUEUE  VERIFY  QEMU  RESTORE  RESUME  IDENTITY  TOTAL\n" +
            "web-1  Running  web-1     127.0.0.1:40001->80    0.1     0.2  45.5      4.0     0.5      80.0  130.3\n");
    }

    [Theory]
    [InlineData("--env-file", "/nonexistent/env", "File '/nonexistent/env' is not there.")]
    [InlineData("--user-data", "/", "File '/' is a folder; a file is needed.")]
    public async Task AFileThatCannotBeReadIsAFaultOfTheCommandLine(string option, string path, string told)
    {
        await using var node = await FakeNode.StartAsync();

        var run = await CliRun.OfAsync(node, "clone", "create", "web", option, path);

        run.Code.ShouldBe(ExitCode.Usage);
        run.Error.ShouldStartWith($"error: {told}\n");
    }

    [Fact]
    public async Task OneFailedCloneOfManyIsShownWithItsReasonAndFailsTheCommand()
    {
        await using var node = await FakeNode.StartAsync();
        node.Clones.OnCreateMany = async (request, responses) =>
        {
            request.Count.ShouldBe(3);
            await responses.WriteAsync(new CreateClonesResponse { Index = 2, Clone_ = Samples.Clone("c") });
            await responses.WriteAsync(new CreateClonesResponse
            {
                Index = 1,
                Error = Failed.Status(StatusCode.ResourceExhausted, "NODE_MEMORY_EXHAUSTED", "No room for it."),
            });
            await responses.WriteAsync(new CreateClonesResponse { Index = 0, Clone_ = Samples.Clone("a") });
        };
        var run = await CliRun.OfAsync(node, "clone", "create", "web", "--count", "3");
        run.Code.ShouldBe(ExitCode.Exhausted);
        var lines = run.Out.Split('\n');
        lines[1].ShouldStartWith("a ");
        lines[2].ShouldStartWith("#1  Failed");
        lines[2].ShouldEndWith("NODE_MEMORY_EXHAUSTED No room for it.");
        lines[3].ShouldStartWith("c ");
        run.Error.ShouldContain("error: 1 of 3 clones failed.\n  #1: No room for it.\n");

        var json = await CliRun.OfAsync(node, "clone", "create", "web", "--count", "3", "-o", "json");
        var tree = JsonNode.Parse(json.Out)!;
        tree["clones"]!.AsArray().Count.ShouldBe(2);
        tree["failures"]![0]!["reason"]!.GetValue<string>().ShouldBe("NODE_MEMORY_EXHAUSTED");
        var names = await CliRun.OfAsync(node, "clone", "create", "web", "--count", "3", "-o", "name");
        names.Out.ShouldBe("tenants/default/clones/a\ntenants/default/clones/c\n");
    }

    [Fact]
    public async Task AStreamThatBreaksOffStillNamesTheClonesThereAre()
    {
        await using var node = await FakeNode.StartAsync();
        node.Clones.OnCreateMany = async (_, responses) =>
        {
            await responses.WriteAsync(new CreateClonesResponse { Index = 0, Clone_ = Samples.Clone("a") });
            throw Failed.With(StatusCode.Unavailable, "SHUTTING_DOWN", "The node is stopping.");
        };
        var run = await CliRun.OfAsync(node, "clone", "create", "web", "--count", "2", "-o", "name");
        run.Code.ShouldBe(ExitCode.TryAgain);
        run.Out.ShouldBe("tenants/default/clones/a\n");
        run.Error.ShouldContain("The node is stopping.");
        run.Error.ShouldContain("1 of 2 clones");
    }

    [Fact]
    public async Task WhereTheTimeForSeveralIsOverThoseThatThereAreAreToldAndTheCodeSaysSo()
    {
        await using var node = await FakeNode.StartAsync();
        using var over = new CancellationTokenSource();
        node.Clones.OnCreateMany = async (_, responses) =>
        {
            await responses.WriteAsync(new CreateClonesResponse { Index = 0, Clone_ = Samples.Clone("a") });
            await Task.Delay(Timeout.Infinite, over.Token);
        };

        var run = await CliRun.OfAsync(
            node, host => host with { Clock = TimeProvider.System }, ["clone", "create", "web", "--count", "3", "-o", "name", "--timeout", "2s"]);
        await over.CancelAsync();

        run.Code.ShouldBe(ExitCode.Deadline);
        run.Out.ShouldBe("tenants/default/clones/a\n");
        run.Error.ShouldContain("1 of 3 clones; 'templating clone list' shows what there is.");
    }

    [Fact]
    public async Task ListGoesThroughAllPages()
    {
        await using var node = await FakeNode.StartAsync();
        node.Clones.OnList = request =>
        {
            request.Parent.ShouldBe("tenants/-");
            request.Template.ShouldBe("tenants/default/templates/web");
            return request.PageToken switch
            {
                "" => new ListClonesResponse { Clones = { Samples.Clone("a") }, NextPageToken = "2" },
                "2" => new ListClonesResponse { Clones = { Samples.Clone("b") }, NextPageToken = "3" },
                _ => new ListClonesResponse { Clones = { Samples.Clone("c") } },
            };
        };
        var run = await CliRun.OfAsync(node, "clone", "list", "-A", "--template", "web", "-o", "name");
        run.Out.ShouldBe("tenants/default/clones/a\ntenants/default/clones/b\ntenants/default/clones/c\n");
        var wide = await CliRun.OfAsync(node, "clone", "list", "-A", "--template", "web", "--wide");
        wide.Out.ShouldContain("CHARGED");
        wide.Out.ShouldContain("owner=me");
        var json = await CliRun.OfAsync(node, "clone", "list", "-A", "--template", "web", "-o", "json");
        JsonNode.Parse(json.Out)!["clones"]!.AsArray().Count.ShouldBe(3);
    }

    [Fact]
    public async Task AnEmptyListSaysSoBesideTheResult()
    {
        await using var node = await FakeNode.StartAsync();
        node.Clones.OnList = _ => new ListClonesResponse();
        var run = await CliRun.OfAsync(node, "clone", "list", "--tenant", "t");
        run.ShouldBe(new CliRun(ExitCode.Ok, "", "No clones in tenants/t.\n"));
    }

    [Fact]
    public async Task WatchPrintsATableThenTheChanges()
    {
        await using var node = await FakeNode.StartAsync();
        var paused = Samples.Clone("a");
        paused.State = CloneState.Paused;
        var other = Samples.Clone("other");
        other.Template = "tenants/default/templates/db/revisions/" + Samples.Revision;
        node.Clones.Changes =
        [
            new() { Type = ChangeType.Added, Clone_ = Samples.Clone("a") },
            new() { Type = ChangeType.Added, Clone_ = other },
            new() { Type = ChangeType.Synced },
            new() { Type = ChangeType.Modified, Clone_ = paused },
            new() { Type = ChangeType.Deleted, Clone_ = paused },
        ];
        var run = await CliRun.OfAsync(node, "clone", "list", "--watch", "--template", "web");
        var lines = run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.Select(l => l.Split(' ')[0]).ShouldBe(["CHANGE", "added", "modified", "deleted"]);
        var json = await CliRun.OfAsync(node, "clone", "list", "--watch", "-o", "json");
        json.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)!["change"]!.GetValue<string>())
            .ShouldBe(["added", "added", "modified", "deleted"]);
    }

    [Fact]
    public async Task StopAllStopsEveryCloneAndTellsOfThoseItCouldNot()
    {
        await using var node = await FakeNode.StartAsync();
        var asked = new ConcurrentBag<string>();
        node.Clones.OnList = _ => new ListClonesResponse { Clones = { Samples.Clone("a"), Samples.Clone("b"), Samples.Clone("c") } };
        node.Clones.OnDelete = request =>
        {
            asked.Add(request.Name);
            request.GracePeriod.ToTimeSpan().ShouldBe(TimeSpan.FromSeconds(10));
            return request.Name.EndsWith('b')
                ? throw Failed.With(StatusCode.NotFound, "CLONE_NOT_FOUND", "It is gone.")
                : new DeleteCloneResponse { Reason = "guest powered off" };
        };
        var run = await CliRun.OfAsync(node, "clone", "stop", "--all", "--grace", "10s");
        asked.Order().ShouldBe(["tenants/default/clones/a", "tenants/default/clones/b", "tenants/default/clones/c"]);
        run.Code.ShouldBe(ExitCode.NotFound);
        run.Out.ShouldBe(
            "STOPPED                   REASON\n" +
            "tenants/default/clones/a  guest powered off\n" +
            "tenants/default/clones/c  guest powered off\n");
        run.Error.ShouldStartWith("error: It is gone.");
    }

    [Fact]
    public async Task DeleteIsAnotherNameOfStop()
    {
        await using var node = await FakeNode.StartAsync();
        node.Clones.OnDelete = _ => new DeleteCloneResponse { Reason = "killed" };
        (await CliRun.OfAsync(node, "clone", "delete", "a", "-o", "name")).Out.ShouldBe("tenants/default/clones/a\n");
    }

    [Fact]
    public async Task ShowAsksForMemoryOnlyWhenTold()
    {
        await using var node = await FakeNode.StartAsync();
        node.Clones.OnGet = (request, _) =>
        {
            var clone = Samples.Clone("a");
            clone.Memory = request.View == CloneView.Full ? new MemoryUsage { Proportional = 30 << 20 } : null;
            return Task.FromResult(clone);
        };
        (await CliRun.OfAsync(node, "clone", "show", "a")).Out.ShouldNotContain("Proportional");
        (await CliRun.OfAsync(node, "clone", "show", "a", "--memory")).Out.ShouldContain("Proportional:     30MiB\n");
        (await CliRun.OfAsync(node, "clone", "show", "a", "-o", "yaml")).Out.ShouldStartWith("name: tenants/default/clones/a\n");
    }

    [Theory]
    [InlineData("clone stop a", 10)]
    [InlineData("clone delete a", 10)]
    [InlineData("clone stop a --grace 1m", 60)]
    [InlineData("clone stop a --grace 0s", 0)]
    [InlineData("clone stop a --now", 0)]
    [InlineData("clone rm a --force", 0)]
    public async Task StopAsksTheGuestUnlessItIsToldNotTo(string line, int seconds)
    {
        await using var node = await FakeNode.StartAsync();
        var graces = new List<TimeSpan>();
        node.Clones.OnDelete = request =>
        {
            graces.Add(request.GracePeriod.ToTimeSpan());
            return new DeleteCloneResponse { Reason = "guest powered off" };
        };
        (await CliRun.OfAsync(node, line.Split(' '))).Code.ShouldBe(ExitCode.Ok);
        graces.ShouldBe([TimeSpan.FromSeconds(seconds)]);
        (await CliRun.OfAsync(node, "clone", "stop", "a", "--now", "--grace", "5s")).Code.ShouldBe(ExitCode.Usage);
        graces.Count.ShouldBe(1);
    }

    [Fact]
    public async Task AnEmptyListIsAnEmptyListInJson()
    {
        await using var node = await FakeNode.StartAsync();
        node.Clones.OnList = _ => new ListClonesResponse();
        node.Templates.OnList = _ => new ListTemplatesResponse();
        JsonNode.Parse((await CliRun.OfAsync(node, "clone", "list", "-o", "json")).Out)!["clones"]!.AsArray().ShouldBeEmpty();
        JsonNode.Parse((await CliRun.OfAsync(node, "template", "list", "-o", "json")).Out)!["templates"]!.AsArray().ShouldBeEmpty();
        (await CliRun.OfAsync(node, "clone", "list", "-o", "yaml")).Out.ShouldContain("clones: []");
    }
}
