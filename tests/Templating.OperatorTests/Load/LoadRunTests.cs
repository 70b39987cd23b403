using System.Text.Json;
using System.Xml.Linq;
using k8s;
using k8s.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Templating.Kubectl.Commands;
using Templating.Kubectl.Load.Api;
using Templating.Kubectl.Load.Recipes;
using Templating.Kubectl.Load.Running;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.OperatorTests.Harness;
using Templating.Terminal.Descriptors;
using Templating.Testing;
using Templating.Testing.Kubernetes;
using Templating.Testing.Nodes;

namespace Templating.OperatorTests.Load;

/// <summary>Load tests against a real API server.</summary>
public sealed class LoadRunTests
{
    private const string Recipe = """
        version: 1
        name: both
        subjects: [{name: vm, pool: web}, {name: plain, image: registry.example/none}]
        stages: [{burst: {count: 10}}, {steady: {rate: 10, over: 1s}}]
        lifetime: 0s
        thresholds: [{figure: failures, most: 0}, {figure: rate, least: 0.01}]
        """;

    private const string Kept = """
        version: 1
        name: kept
        subjects: [{name: vm, pool: web}, {name: plain, image: registry.example/none}]
        stages: [{burst: {count: 8}}, {pause: {over: 1h}}]
        """;

    [Fact]
    public async Task EveryObjectIsMeasuredByOneWatchOfItsKindAndNothingIsLeft()
    {
        await using var space = await TestSpace.PrepareAsync();
        await space.CreatePoolAsync("web", replicas: 3);
        await using var cluster = new PlayedCluster(space, PlayedCluster.Ready);
        using var folder = new TempFolder();

        var (code, table) = await RunAsync(space, Recipe, folder["out"], CancellationToken.None);

        code.ShouldBe(ExitCode.Ok, table);
        table.ShouldContain("vm warm");
        table.ShouldContain($"What the operator took is not known: No pod of it runs in namespace {space.Name}.");
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(folder["out/samples.json"]));
        var samples = json.RootElement.GetProperty("samples").EnumerateArray().ToList();
        samples.Count.ShouldBe(20);
        foreach (var sample in samples)
        {
            string[] order = ["created", "usable", "deleted", "gone"];
            order.Select(moment => sample.GetProperty(moment).GetDouble()).ShouldBeInOrder();
            sample.GetProperty("placed").GetDouble().ShouldBeLessThanOrEqualTo(sample.GetProperty("ready").GetDouble());
        }

        samples.Select(s => s.GetProperty("node").GetString()).Distinct(StringComparer.Ordinal).ShouldBe(["node-1", "node-2"], ignoreOrder: true);
        json.RootElement.GetProperty("pools").EnumerateArray().First().GetProperty("wanted").GetInt32().ShouldBe(3);
        var calls = json.RootElement.GetProperty("calls").EnumerateArray()
            .ToDictionary(
                c => $"{c.GetProperty("verb").GetString()} {c.GetProperty("kind").GetString()}", c => c.GetProperty("count").GetInt32(), StringComparer.Ordinal);
        (calls["create vmclones"], calls["create pods"], calls["delete vmclones"], calls["delete pods"]).ShouldBe((10, 10, 10, 10));
        (calls["watch vmclones"], calls["watch pods"], calls["watch vmpools"]).ShouldBe((1, 1, 1));
        XDocument.Parse(await File.ReadAllTextAsync(folder["out/junit.xml"])).Root!.Element("testsuite")!.Attribute("failures")!.Value.ShouldBe("0");
        (await File.ReadAllTextAsync(folder["out/index.html"])).ShouldContain("node-2");
        await ShouldHaveNothingAsync(space);
    }

    [Fact]
    public async Task WhereNoFileLastsTheReportsFollowTheTable()
    {
        await using var space = await TestSpace.PrepareAsync();
        await space.CreatePoolAsync("web", replicas: 3);
        await using var cluster = new PlayedCluster(space, PlayedCluster.Ready);

        var (code, output) = await RunAsync(space, Recipe, "-", CancellationToken.None);

        code.ShouldBe(ExitCode.Ok, output);
        Directory.Exists("-").ShouldBeFalse();
        output.IndexOf("vm warm", StringComparison.Ordinal).ShouldBeLessThan(output.IndexOf("\n--- junit.xml\n", StringComparison.Ordinal));
        using var json = JsonDocument.Parse(output[output.LastIndexOf("\n{\n", StringComparison.Ordinal)..]);
        json.RootElement.GetProperty("samples").GetArrayLength().ShouldBe(20);
        await ShouldHaveNothingAsync(space);
    }

    [Fact]
    public async Task ARunThatIsBrokenOffRemovesWhatIsReadyAndWhatIsNotYet()
    {
        await using var space = await TestSpace.PrepareAsync();
        await space.CreatePoolAsync("web", replicas: 3);
        // No VMClone ever becomes ready; the pods do.
        await using var cluster = new PlayedCluster(space, clones: null);
        using var folder = new TempFolder();
        using var interrupt = new CancellationTokenSource();

        var running = RunAsync(space, Kept, folder["out"], interrupt.Token);
        await Eventually.UntilAsync(async () => await CountAsync(space) == 8, "all are there");
        await interrupt.CancelAsync();

        var (code, table) = await running;
        code.ShouldBe(ExitCode.Interrupted, table);
        table.ShouldContain("broken off");
        await ShouldHaveNothingAsync(space);
    }

    [Fact]
    public async Task VmsThatEndAreFailuresByTheirReasonAndMissTheThreshold()
    {
        await using var space = await TestSpace.PrepareAsync();
        await space.CreatePoolAsync("web", replicas: 3);
        await using var cluster = new PlayedCluster(space, PlayedCluster.Ended);
        using var folder = new TempFolder();

        var (code, table) = await RunAsync(space, Recipe, folder["out"], CancellationToken.None);

        code.ShouldBe(ExitCode.Missed, table);
        table.ShouldContain($"ended: {Reasons.VMFailed}");
        await ShouldHaveNothingAsync(space);
    }

    [Fact]
    public async Task WhatTheServerRefusesToCreateIsCountedByItsReason()
    {
        await using var space = await TestSpace.PrepareAsync();
        await space.CreatePoolAsync("web", replicas: 3);
        await LimitAsync(space, "pods", 0);
        await using var cluster = new PlayedCluster(space, PlayedCluster.Ready);
        using var folder = new TempFolder();

        var (code, table) = await RunAsync(space, Recipe, folder["out"], CancellationToken.None);

        code.ShouldBe(ExitCode.Missed, table);
        table.ShouldContain("create: 403 Forbidden");
        await ShouldHaveNothingAsync(space);
    }

    [Fact]
    public async Task ARatchetEndsAtTheCapacityAndTellsHowMuchItHeld()
    {
        await using var space = await TestSpace.PrepareAsync();
        await space.CreateTemplateAsync("web");
        await LimitAsync(space, $"count/{VMClone.Plural}.{Group.Name}", 5);
        await using var cluster = new PlayedCluster(space, PlayedCluster.Ready);
        using var folder = new TempFolder();

        var (code, table) = await RunAsync(
            space,
            """
            version: 1
            name: capacity
            subjects: [{name: vm, template: web}]
            stages: [{ratchet: {step: 2, steps: 9, failures: 40}}]
            thresholds: [{figure: held, least: 5, most: 5}]
            """,
            folder["out"], CancellationToken.None);

        code.ShouldBe(ExitCode.Ok, table);
        table.ShouldContain("The ratchet ended at step 3 of 9: 50 % of its 2 objects failed.");
        await ShouldHaveNothingAsync(space);
    }

    [Fact]
    public async Task WhereTheRecipeAsksForAnHttpAnswerOnlyThatMakesAVmUsable()
    {
        await using var space = await TestSpace.PrepareAsync();
        await space.CreatePoolAsync("web", replicas: 3);
        await using var cluster = new PlayedCluster(space, PlayedCluster.ReadyAt("127.0.0.1"));
        using var folder = new TempFolder();
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var server = builder.Build();
        server.MapGet("/healthz", () => "here");
        await server.StartAsync();

        var (code, table) = await RunAsync(
            space,
            $$$"""
            version: 1
            name: answers
            subjects: [{name: vm, pool: web}]
            stages: [{burst: {count: 3}}]
            http: {port: {{{new Uri(server.Urls.First()).Port}}}, path: /healthz}
            lifetime: 0s
            thresholds: [{figure: failures, most: 0}]
            """,
            folder["out"], CancellationToken.None);

        code.ShouldBe(ExitCode.Ok, table);
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(folder["out/samples.json"]));
        json.RootElement.GetProperty("samples").EnumerateArray().ShouldAllBe(s => s.GetProperty("usable").GetDouble() > s.GetProperty("ready").GetDouble());
        await ShouldHaveNothingAsync(space);
    }

    [Fact]
    public async Task WhatAKilledRunLeftIsRemovedAndNothingElse()
    {
        await using var space = await TestSpace.PrepareAsync();
        foreach (var (name, run) in new[] { ("a", "one"), ("b", "one"), ("c", "two"), ("d", null) })
        {
            await space.CreateAsync(new VMClone
            {
                Metadata = new()
                {
                    Name = name,
                    NamespaceProperty = space.Name,
                    Labels = run is null ? null : new Dictionary<string, string>(StringComparer.Ordinal) { [Keys.LoadLabel] = run },
                },
                Spec = new VMCloneSpec { Template = "web" },
            });
        }

        using var api = new LoadApi(space.Server.Configuration(), TimeProvider.System);
        var cleaner = new Cleaner(api, TimeProvider.System);
        (await cleaner.CleanAsync([space.Name], LoadObjects.Selector("one"), Eventually.Limit)).ShouldBeEmpty();
        (await NamesAsync(space)).ShouldBe(["c", "d"]);
        (await cleaner.FindAsync(Keys.LoadLabel, CancellationToken.None)).ShouldContain(space.Name);
        (await cleaner.CleanAsync([space.Name], Keys.LoadLabel, Eventually.Limit)).ShouldBeEmpty();
        (await NamesAsync(space)).ShouldBe(["d"]);
    }

    [Fact]
    public async Task APoolThatIsNotThereIsToldBeforeAnythingIsMade()
    {
        await using var space = await TestSpace.PrepareAsync();
        using var folder = new TempFolder();
        var refusal = await Should.ThrowAsync<Templating.Kubectl.Cluster.PluginException>(() => RunAsync(space, Recipe, folder["out"], CancellationToken.None));
        refusal.Message.ShouldContain($"no vmpools/web in namespace {space.Name}");
        await ShouldHaveNothingAsync(space);
    }

    /// <summary>The real program, with a kubectl that knows the test's cluster.</summary>
    [Fact]
    public async Task ASigtermEndsTheProgramWithNothingLeft()
    {
        await using var space = await TestSpace.PrepareAsync();
        await space.CreatePoolAsync("web", replicas: 3);
        await using var cluster = new PlayedCluster(space, PlayedCluster.Ready);
        using var folder = new TempFolder();
        var kubectl = folder.Write("kubectl", $"#!/bin/sh\nexec cat {space.Server.Kubeconfig}\n");
        File.SetUnixFileMode(kubectl, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var recipe = folder.Write("r.yaml", Kept);

        using var program = new BoundProcess(
            "/usr/bin/env",
            [
                $"PATH={folder.Path}:/usr/bin:/bin", Path.Combine(AppContext.BaseDirectory, "kubectl-templating"), "load", "run", recipe, "-n", space.Name,
                "--kubeconfig", space.Server.Kubeconfig, "--output", folder["out"],
            ],
            folder["log"]);
        await Eventually.UntilAsync(async () => program.HasExited || await CountAsync(space) == 8, "all are there");
        program.HasExited.ShouldBeFalse(program.LogTail);
        Signals.Send(program.Id, Signals.Terminate);
        await Eventually.UntilAsync(() => program.HasExited, "it ended");

        program.LogTail.ShouldContain("broken off");
        File.Exists(folder["out/samples.json"]).ShouldBeTrue();
        await ShouldHaveNothingAsync(space);
    }

    private static async Task<(int Code, string Table)> RunAsync(TestSpace space, string recipe, string folder, CancellationToken cancellationToken)
    {
        using var output = new StringWriter();
        using var guard = new OutputGuard();
        using var api = new LoadApi(space.Server.Configuration(), TimeProvider.System);
        // Standard error is a terminal: what moves there is none of the output.
        var host = new PluginHost(output, TextWriter.Null, guard, () => null) { ErrorWidth = () => 80 };
        var session = new LoadSession(host, api, TimeProvider.System);
        var code = await session.RunAsync(RecipeReader.Parse("r.yaml", recipe), space.Name, folder, space.Name, cancellationToken);
        return (code, output.ToString());
    }

    /// <summary>A quota, and what the quota controller tells of it: before that the server knows no limit.</summary>
    private static async Task LimitAsync(TestSpace space, string resource, int most)
    {
        var hard = new Dictionary<string, ResourceQuantity>(StringComparer.Ordinal)
        {
            [resource] = new(most.ToString(System.Globalization.CultureInfo.InvariantCulture)),
        };
        var used = new Dictionary<string, ResourceQuantity>(StringComparer.Ordinal) { [resource] = new("0") };
        await space.Client.CoreV1.CreateNamespacedResourceQuotaAsync(
            new V1ResourceQuota { Metadata = new V1ObjectMeta { Name = "limit" }, Spec = new V1ResourceQuotaSpec { Hard = hard } }, space.Name);
        await space.Client.CoreV1.PatchNamespacedResourceQuotaStatusAsync(
            new V1Patch(KubernetesJson.Serialize(new { status = new { hard, used } }), V1Patch.PatchType.MergePatch), "limit", space.Name);
    }

    private static async Task<int> CountAsync(TestSpace space) => (await NamesAsync(space)).Count + (await space.PodsAsync()).Count;

    private static async Task ShouldHaveNothingAsync(TestSpace space)
    {
        (await NamesAsync(space)).ShouldBeEmpty();
        (await space.PodsAsync()).ShouldBeEmpty();
    }

    private static async Task<IReadOnlyList<string>> NamesAsync(TestSpace space)
    {
        var all = await space.Api.SendAsync<ItemList<VMClone>>(HttpMethod.Get, ResourceType.Of<VMClone>().Collection(space.Name), null, null, CancellationToken.None);
        return [.. all.Items.Select(c => c.Metadata.Name).Order(StringComparer.Ordinal)];
    }
}
