using Microsoft.AspNetCore.Http;
using Templating.Kubectl.Cluster;
using Templating.Kubectl.Commands;
using Templating.Kubectl.Load.Recipes;
using Templating.Kubectl.Load.Reports;
using Templating.Kubectl.Load.Running;
using Templating.Terminal.Descriptors;
using Templating.Testing;

namespace Templating.KubectlTests.Load;

public sealed class LoadSessionTests : IDisposable
{
    private static readonly Recipe Pods = new()
    {
        Name = "pods",
        Subjects = [new Subject { Name = "plain", Image = "registry.example/none" }],
        Stages = [new BurstStage(2)],
    };

    private readonly TempFolder _folder = new();
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();
    private readonly OutputGuard _guard = new();

    private PluginHost Host => new(_output, _error, _guard, () => null);

    public void Dispose()
    {
        _folder.Dispose();
        _output.Dispose();
        _error.Dispose();
        _guard.Dispose();
    }

    [Fact]
    public async Task WhereAFileCannotBeWrittenTheTableAndTheOthersAreThereAndTheFaultIsTold()
    {
        await using var server = await FakeServer.StartAsync((_, _) => Task.CompletedTask);
        Directory.CreateDirectory(_folder["samples.json"]);
        var result = new RunResult { Run = "x", Recipe = Pods, Namespaces = ["team-a"], Began = DateTimeOffset.UnixEpoch, Seconds = 1, Notes = ["The table."] };
        using var api = server.Api(TimeProvider.System);
        var code = await new LoadSession(Host, api, TimeProvider.System).TellAsync(_folder.Path, result);
        code.ShouldBe(ExitCode.Failure);
        _output.ToString().ShouldContain("The table.");
        _error.ToString().ShouldStartWith($"error: The reports could not be written: {_folder["samples.json"]}: ");
        File.Exists(_folder["junit.xml"]).ShouldBeTrue();
        File.Exists(_folder["index.html"]).ShouldBeTrue();
    }

    [Fact]
    public async Task AFullDiskIsToldWithTheFilesName()
    {
        File.CreateSymbolicLink(_folder["samples.json"], "/dev/full");
        var result = new RunResult { Run = "x", Recipe = Pods, Namespaces = ["team-a"], Began = DateTimeOffset.UnixEpoch, Seconds = 1 };
        var fault = (await ReportFiles.WriteAsync(_folder.Path, result)).ShouldHaveSingleItem();
        fault.ShouldStartWith($"{_folder["samples.json"]}: No space left");
    }

    [Fact]
    public void AFolderWhereOneOfTheFilesCannotBeWrittenIsNoticedBeforeTheRunAndAnEarlierRunsFilesStay()
    {
        _folder.Write("junit.xml", "earlier");
        ReportFiles.Prepare(_folder.Path);
        File.ReadAllText(_folder["junit.xml"]).ShouldBe("earlier");
        Directory.GetFileSystemEntries(_folder.Path).Length.ShouldBe(1);
        Directory.CreateDirectory(_folder["samples.json"]);
        Should.Throw<PluginException>(() => ReportFiles.Prepare(_folder.Path)).Message.ShouldContain("samples.json");
    }

    [Fact]
    public async Task NamespacesThatAreNotThereAreToldTogetherAlsoWhereAllSubjectsArePods()
    {
        await using var server = await FakeServer.StartAsync((request, context) => request.EndsWith("/team-a", StringComparison.Ordinal)
            ? context.Response.WriteAsync("{}")
            : FakeServer.RefuseAsync(context, 404, "NotFound", "not there"));
        var refusal = await Should.ThrowAsync<PluginException>(() => RunAsync(server, Pods with { Namespaces = ["team-a", "team-b", "team-c"] }));
        refusal.Message.ShouldStartWith("There is no namespace team-b, no namespace team-c.");
    }

    [Fact]
    public async Task WhoMayNotLookAtNamespacesGoesOnAndARunThatBreaksOffAtItsFirstWatchHasItsTableAndItsFiles()
    {
        await using var server = await FakeServer.StartAsync((_, context) => FakeServer.RefuseAsync(context, 403, "Forbidden", "you may not"));
        (await RunAsync(server, Pods)).ShouldBe(ExitCode.Failure);
        _output.ToString().ShouldContain("It broke off by itself: list of pods: 403 you may not");
        _output.ToString().ShouldMatch("To try again: kubectl templating load clean .* -n team-a\n");
        File.Exists(_folder["samples.json"]).ShouldBeTrue();
    }

    [Fact]
    public async Task ARunInWhichNothingBecameUsableHasFailedAndSaysWhy()
    {
        await using var server = await FakeServer.StartAsync((request, context) => request switch
        {
            _ when request.StartsWith("WATCH", StringComparison.Ordinal) => FakeServer.WatchAsync(context),
            _ when request.StartsWith("POST", StringComparison.Ordinal) => FakeServer.RefuseAsync(context, 403, "Forbidden", "exceeded quota: pods=0"),
            _ => context.Response.WriteAsync(FakeServer.NoItems),
        });
        (await RunAsync(server, Pods)).ShouldBe(ExitCode.Failure);
        _output.ToString().ShouldContain("Not one of the 2 objects became usable.");
        _output.ToString().ShouldContain("create: 403 Forbidden, for example: exceeded quota: pods=0");
        (await File.ReadAllTextAsync(_folder["samples.json"])).ShouldContain("\"example\": \"exceeded quota: pods=0\"");
        _output.ToString().ShouldContain("What the operator took is not known: No pod of it runs in any namespace. --operator names");
    }

    private async Task<int> RunAsync(FakeServer server, Recipe recipe)
    {
        using var api = server.Api(TimeProvider.System);
        return await new LoadSession(Host, api, TimeProvider.System).RunAsync(recipe, "team-a", _folder.Path, null, CancellationToken.None).Soonest();
    }
}
