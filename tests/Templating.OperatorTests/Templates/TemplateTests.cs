using k8s.Models;
using Templating.Contract;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.OperatorTests.Harness;
using Templating.Testing;
using Templating.Testing.Kubernetes;
using Templating.V1;

namespace Templating.OperatorTests.Templates;

public sealed class TemplateTests
{
    [Fact]
    public async Task ATemplateIsBuiltOnItsNodesAndTold()
    {
        await using var test = await TestSpace.StartAsync(nodes: 2);
        var made = await test.CreateTemplateAsync("web");
        var revision = Revisions.Of(made.Spec);

        var template = await test.UntilAsync<VMTemplate>("web", t => t?.Status?.Summary == "2/2", "it is ready on both nodes");

        template!.Status!.Revision.ShouldBe(revision);
        template.Status.Nodes!.ShouldAllBe(node => node.State == "Ready" && node.Digest != null && node.SizeBytes > 0 && node.Agent == "templating" && node.Revision == revision);
        Condition(template, "Accepted").Status.ShouldBe("True");
        Condition(template, "Ready").Reason.ShouldBe(Reasons.Ready);
        Condition(template, "Progressing").Reason.ShouldBe(Reasons.Complete);
        test.Node(1).Builds.ShouldHaveSingleItem().Template.ShouldBe(NodeTemplates.Join("web", revision));
        foreach (var number in new[] { 1, 2 })
        {
            await UntilLabelAsync(test, number, "web", revision);
        }
    }

    [Fact]
    public async Task AChangedSpecIsBuiltBesideTheOldAndTakesItsPlace()
    {
        await using var test = await TestSpace.StartAsync(nodes: 1);
        var first = Revisions.Of((await test.CreateTemplateAsync("web")).Spec);
        await test.UntilAsync<VMTemplate>("web", t => t?.Status?.Summary == "1/1", "the first revision is ready");
        var gate = new TaskCompletionSource();
        test.Node(1).OnBuild = (_, cancel) => gate.Task.WaitAsync(cancel);

        await test.PatchAsync<VMTemplate>("web", new { spec = new { guest = new { commandLine = "second" } } });
        await test.UntilAsync<VMTemplate>("web", t => t?.Status?.Nodes?.SingleOrDefault()?.State == "Building", "the second is being built");
        test.Node(1).Templates.ShouldHaveSingleItem("the first is still there");
        await UntilLabelAsync(test, 1, "web", first);

        gate.SetResult();
        var template = await test.UntilAsync<VMTemplate>("web", t => t?.Status?.Summary == "1/1" && t.Status.Revision != first, "the second is ready");
        template!.Status!.Nodes!.Single().OlderRevisions.ShouldBe([first]);
        await UntilLabelAsync(test, 1, "web", template.Status.Revision!);
    }

    [Fact]
    public async Task ASpecThatChangesWhileItIsBuiltCancelsThatBuild()
    {
        await using var test = await TestSpace.StartAsync(nodes: 1);
        var cancelled = new TaskCompletionSource();
        test.Node(1).OnBuild = async (request, cancel) =>
        {
            if (request.Spec.Guest.CommandLine != "second")
            {
                await using var told = cancel.Register(() => cancelled.TrySetResult());
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancel);
            }
        };
        await test.CreateTemplateAsync("web");
        await Eventually.UntilAsync(() => test.Node(1).Builds.Count == 1, "the first build runs");

        await test.PatchAsync<VMTemplate>("web", new { spec = new { guest = new { commandLine = "second" } } });

        await cancelled.Task.WaitAsync(Eventually.Limit);
        await test.UntilAsync<VMTemplate>("web", t => t?.Status?.Summary == "1/1", "the second revision is ready");
        test.Node(1).Templates.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task ANodeThatCannotBuildItSaysSoAndBlocksNobody()
    {
        await using var test = await TestSpace.StartAsync(nodes: 2);
        test.Node(2).OnBuild = (_, _) => throw NodeRefusals.Make(Grpc.Core.StatusCode.FailedPrecondition, "QEMU_TOO_OLD", "QEMU 7.2 is too old.");
        await test.CreateTemplateAsync("web");

        var template = await test.UntilAsync<VMTemplate>(
            "web", t => t?.Status?.Summary == "1/2" && t.Status.Nodes!.Any(n => n.State == "Failed"), "one node is ready, the other said why not");

        var failed = template!.Status!.Nodes!.Single(node => node.State == "Failed");
        failed.Name.ShouldBe(test.Node(2).Name);
        failed.Reason.ShouldBe(Reasons.QemuUnsupported);
        failed.Message!.ShouldContain("7.2");
        Condition(template, "Ready").Reason.ShouldBe(Reasons.PartlyReady);
    }

    [Fact]
    public async Task ATemplateThatWentStaleIsBuiltAgain()
    {
        await using var test = await TestSpace.StartAsync(nodes: 1);
        await test.CreateTemplateAsync("web");
        await test.UntilAsync<VMTemplate>("web", t => t?.Status?.Summary == "1/1", "it is ready");
        var first = test.Node(1).Templates.Single();

        test.Node(1).SetTemplateState(first, TemplateState.Stale, "The node has another QEMU now.");

        var template = await test.UntilAsync<VMTemplate>(
            "web", t => t?.Status?.Nodes?.SingleOrDefault() is { State: "Ready" } node && node.Digest != first.Revision, "another build is ready");
        test.Node(1).Builds.Select(build => build.RequestId).Distinct().Count().ShouldBe(2);
        template!.Status!.Revision.ShouldBe(Revisions.Of(template.Spec));
    }

    [Fact]
    public async Task GoingBackToAnOlderSpecMakesThatTheNewestAgain()
    {
        await using var test = await TestSpace.StartAsync(nodes: 1);
        var first = Revisions.Of((await test.CreateTemplateAsync("web")).Spec);
        await test.UntilAsync<VMTemplate>("web", t => t?.Status?.Summary == "1/1", "the first revision is ready");
        await test.PatchAsync<VMTemplate>("web", new { spec = new { guest = new { commandLine = "second" } } });
        await test.UntilAsync<VMTemplate>("web", t => t?.Status?.Summary == "1/1" && t.Status.Revision != first, "the second is ready");

        await test.PatchAsync<VMTemplate>("web", new { spec = new { guest = new { commandLine = TestSpace.Spec().Guest.CommandLine } } });
        await test.UntilAsync<VMTemplate>("web", t => t?.Status?.Summary == "1/1" && t.Status.Revision == first, "the first is ready again");

        test.Node(1).Templates.OrderByDescending(t => t.CreateTime).First().Template_.ShouldBe(NodeTemplates.Join("web", first));
        test.Node(1).Builds.Count.ShouldBe(3);
    }

    [Fact]
    public async Task NoMoreOlderRevisionsStayThanAskedForAndNoneThatIsUsedGoes()
    {
        await using var test = await TestSpace.StartAsync(nodes: 1);
        var spec = TestSpace.Spec("r0");
        spec.RevisionHistoryLimit = 0;
        var used = NodeTemplates.Join("web", Revisions.Of((await test.CreateTemplateAsync("web", spec)).Spec));
        await test.UntilAsync<VMTemplate>("web", t => t?.Status?.Summary == "1/1", "it is ready");
        test.Node(1).SetPod(new VmPod
        {
            Name = $"tenants/{test.Name}/pods/u",
            Tenant = test.Name,
            PodUid = "u",
            PodName = "by-hand",
            State = PodState.Ready,
            Template = test.Node(1).Templates.Single().Name,
        });
        foreach (var line in new[] { "r1", "r2" })
        {
            await test.PatchAsync<VMTemplate>("web", new { spec = new { guest = new { commandLine = line } } });
            await test.UntilAsync<VMTemplate>(
                "web", t => t?.Status?.Summary == "1/1" && t.Status.ObservedGeneration == t.Metadata.Generation, $"{line} is ready");
        }

        await Eventually.UntilAsync(() => test.Node(1).Templates.Count == 2, "the unused older revision is gone");
        test.Node(1).Templates.Select(template => template.Template_).ShouldContain(used);
    }

    [Fact]
    public async Task DeletingWaitsForUsersAndThenTakesTheFiles()
    {
        await using var test = await TestSpace.StartAsync(nodes: 2);
        await test.CreateTemplateAsync("web");
        await test.UntilAsync<VMTemplate>("web", t => t?.Status?.Summary == "2/2", "it is ready");
        await test.CreateAsync(new V1Pod
        {
            Metadata = new V1ObjectMeta { Name = "user", NamespaceProperty = test.Name, Labels = new Dictionary<string, string> { [Keys.TemplateLabel] = "web" } },
            Spec = new V1PodSpec { Containers = [new V1Container { Name = "vm", Image = "test" }] },
        });

        // Not before the operator's own watch told of the pod.
        await Task.WhenAll(test.DeleteAsync<VMTemplate>("web"));
        var waiting = await test.UntilAsync<VMTemplate>("web", t => t is null || Condition(t, "Ready").Reason == Reasons.InUse, "it says who uses it");
        Condition(waiting.ShouldNotBeNull(), "Ready").Message.ShouldContain("pod user");
        test.Node(1).Templates.ShouldNotBeEmpty();

        await test.Api.SendAsync<System.Text.Json.JsonElement>(
            HttpMethod.Delete, ResourceType.Of<V1Pod>().Item(new(test.Name, "user")) + "?gracePeriodSeconds=0", null, null, CancellationToken.None);
        await test.UntilAsync<VMTemplate>("web", t => t is null, "it is gone");
        test.Node(1).Templates.ShouldBeEmpty();
        test.Node(2).Templates.ShouldBeEmpty();
        foreach (var number in new[] { 1, 2 })
        {
            await UntilLabelAsync(test, number, "web", null);
        }
    }

    [Fact]
    public async Task ANodeThatIsGoneHoldsUpNoDeletion()
    {
        await using var test = await TestSpace.StartAsync(nodes: 2);
        await test.CreateTemplateAsync("web");
        await test.UntilAsync<VMTemplate>("web", t => t?.Status?.Summary == "2/2", "it is ready");
        var gone = test.Node(2);
        await gone.DisposeAsync();
        await ClusterNodes.RemoveDaemonAsync(test.Client, test.Installation, gone.Name);
        await k8s.CoreV1OperationsExtensions.DeleteNodeAsync(test.Client.CoreV1, gone.Name);

        await test.DeleteAsync<VMTemplate>("web");

        await test.UntilAsync<VMTemplate>("web", t => t is null, "it is gone");
        test.Node(1).Templates.ShouldBeEmpty();
    }

    [Fact]
    public async Task WhatASchemaCannotSayIsSaidInACondition()
    {
        await using var test = await TestSpace.StartAsync(nodes: 1);
        var spec = TestSpace.Spec();
        spec.Guest.Kernel = new VMFileSource { Url = "https://files.example/vmlinuz" };
        spec.Machine = new VMMachine { Memory = new ResourceQuantity("33Mi"), Vcpus = 4, MaxVcpus = 2 };
        await test.CreateTemplateAsync("web", spec);

        var template = await test.UntilAsync<VMTemplate>("web", t => t?.Status?.Conditions is not null, "it was looked at");

        var accepted = Condition(template!, "Accepted");
        (accepted.Status, accepted.Reason).ShouldBe(("False", Reasons.InvalidSpec));
        accepted.Message.ShouldContain("spec.guest.kernel.sha256");
        accepted.Message.ShouldContain("spec.machine.memory");
        accepted.Message.ShouldContain("spec.machine.maxVcpus");
        test.Node(1).Builds.ShouldBeEmpty();
    }

    [Fact]
    public async Task ANodeThatBreaksItsWatchesIsFollowedAgain()
    {
        await using var test = await TestSpace.StartAsync(nodes: 1);
        await test.CreateTemplateAsync("web");
        await test.UntilAsync<VMTemplate>("web", t => t?.Status?.Summary == "1/1", "it is ready");

        test.Node(1).BreakWatches();
        await test.CreateTemplateAsync("other");

        await test.UntilAsync<VMTemplate>("other", t => t?.Status?.Summary == "1/1", "the other one is ready, too");
    }

    private static V1Condition Condition(VMTemplate template, string type) =>
        template.Status?.Conditions?.Find(condition => condition.Type == type) ?? new V1Condition { Type = type };

    private static Task UntilLabelAsync(TestSpace test, int number, string template, string? revision) => Eventually.UntilAsync(
        async () => (await test.Api.GetAsync<V1Node>(new("", test.Node(number).Name), CancellationToken.None))!.Metadata.Labels is var labels
            && (labels is not null && labels.TryGetValue(Keys.NodeLabel(test.Name, template), out var value) ? value : null) == revision,
        $"node {number} has the label of {revision ?? "nothing"}");
}
