using k8s.Models;

namespace Templating.ClusterTests;

/// <summary>The life of a VMTemplate on real nodes.</summary>
[Collection(ClusterCollection.Name)]
public sealed class TemplateTests(ClusterFixture cluster)
{
    private readonly Tenant _tenant = cluster.Tenant;

    [Fact]
    public async Task ATemplateIsReadyOnEveryNodeEachWithADigestOfItsOwn()
    {
        var template = await _tenant.TemplateReadyAsync(ClusterFixture.Template, await ClusterFixture.NodesAsync());

        var nodes = template.Status!.Nodes!;
        nodes.ShouldAllBe(n => n.State == "Ready" && n.Revision == template.Status.Revision && n.SizeBytes > 0);
        nodes.Select(n => n.Digest).ShouldAllBe(d => d!.Length == 32);
        nodes.Select(n => n.Digest).ShouldBeUnique();
        foreach (var node in nodes)
        {
            var labels = (await Kubectl.GetAsync<V1Node>("node", "default", node.Name))!.Metadata.Labels;
            labels[Keys.NodeLabel(_tenant.Name, ClusterFixture.Template)].ShouldBe(template.Status.Revision);
        }
    }

    [Fact]
    public async Task AChangedSpecIsARevisionBesideTheOldOneAndADeletedTemplateWaitsForItsClonesAndLeavesNothingOnTheNodes()
    {
        await Kubectl.ApplyAsync(_tenant.Template("two"));
        var nodes = await ClusterFixture.NodesAsync();
        var first = (await _tenant.TemplateReadyAsync("two", nodes)).Status!.Revision!;
        await Kubectl.ApplyAsync(_tenant.Clone("of-first", "template: two"));
        (await _tenant.CloneReadyAsync("of-first")).Status!.Revision.ShouldBe(first);

        await Kubectl.ApplyAsync(_tenant.Template("two", commandLine: "templating.example=second"));
        var second = await _tenant.TemplateReadyAsync("two", nodes);

        second.Status!.Revision.ShouldNotBe(first);
        second.Status.Nodes!.ShouldAllBe(n => n.OlderRevisions != null && n.OlderRevisions.Contains(first));
        (await _tenant.GetCloneAsync("of-first"))!.IsReady().ShouldBeTrue();

        await Kubectl.DeleteAsync("vmtemplate", _tenant.Name, "two");
        var waiting = await Eventually.SeeAsync(
            () => _tenant.GetTemplateAsync("two"), t => t.Status!.Conditions.Is("Ready", "False", Reasons.InUse), "a deletion that waits for a clone");
        waiting.Metadata.DeletionTimestamp.ShouldNotBeNull();
        (await _tenant.GetCloneAsync("of-first"))!.IsReady().ShouldBeTrue();

        await Kubectl.DeleteAsync("vmclone", _tenant.Name, "of-first");
        await Eventually.GoneAsync(() => _tenant.GetTemplateAsync("two"), "template two");
        var label = Keys.NodeLabel(_tenant.Name, "two");
        foreach (var node in await Kubectl.ListAsync<V1Node>("nodes", "default"))
        {
            node.Metadata.Labels.Keys.ShouldNotContain(label);
        }
    }

    [Fact]
    public async Task ATemplateThatCannotBeBuiltSaysWhyPerNodeAndIsBuiltWhenItsSpecIsMended()
    {
        await Kubectl.ApplyAsync(_tenant.Template("mended", kernel: "no-such-kernel"));

        var failed = await Eventually.SeeAsync(
            () => _tenant.GetTemplateAsync("mended"), t => t.Status?.Nodes?.Any(n => n.State == "Failed") is true, "a node that cannot build it");
        failed.Status!.Nodes!.First(n => n.State == "Failed").Message.ShouldNotBeNull().ShouldContain("no-such-kernel");
        failed.Status.Conditions.Is("Ready", "False").ShouldBeTrue();

        await Kubectl.ApplyAsync(_tenant.Template("mended"));
        await _tenant.TemplateReadyAsync("mended", await ClusterFixture.NodesAsync());
        await Kubectl.DeleteAsync("vmtemplate", _tenant.Name, "mended");
        await Eventually.GoneAsync(() => _tenant.GetTemplateAsync("mended"), "template mended");
    }

    [Fact]
    public async Task AnInvalidSpecIsRefusedByTheSchemaOrNamedInACondition()
    {
        var refused = await Kubectl.TryApplyAsync(_tenant.Template("bad").Replace("memory: 128Mi", "vcpus: 1000", StringComparison.Ordinal));
        refused.ExitCode.ShouldNotBe(0);
        refused.Error.ShouldContain("vcpus");

        await Kubectl.ApplyAsync(_tenant.Template("bad").Replace("memory: 128Mi", "memory: 33Mi", StringComparison.Ordinal));
        var named = await Eventually.SeeAsync(
            () => _tenant.GetTemplateAsync("bad"), t => t.Status?.Conditions.Is("Accepted", "False", Reasons.InvalidSpec) is true, "a refusal");
        named.Status!.Conditions.Find("Accepted")!.Message.ShouldContain("memory");
        await Kubectl.DeleteAsync("vmtemplate", _tenant.Name, "bad");
        await Eventually.GoneAsync(() => _tenant.GetTemplateAsync("bad"), "template bad");
    }
}
