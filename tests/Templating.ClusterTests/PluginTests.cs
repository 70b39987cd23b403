namespace Templating.ClusterTests;

/// <summary>kubectl templating, on the real thing.</summary>
[Collection(ClusterCollection.Name)]
public sealed class PluginTests(ClusterFixture cluster)
{
    private readonly Tenant _tenant = cluster.Tenant;

    [Fact]
    public async Task ThePluginShowsExplainsAndRunsCommands()
    {
        await Kubectl.ApplyAsync(_tenant.Clone("shown", $"template: {ClusterFixture.Template}"));
        await Kubectl.ApplyAsync(_tenant.Clone("puzzling", "template: no-such-template"));
        await _tenant.CloneReadyAsync("shown");
        await Eventually.SeeAsync(
            () => _tenant.GetCloneAsync("puzzling"), c => c.Status?.Conditions?.Any(x => x.Reason == Reasons.TemplateNotFound) is true, "a clone without a template");

        var status = await Kubectl.RunAsync("templating", "status", "-n", _tenant.Name);
        status.ShouldContain("shown");
        status.ShouldContain(ClusterFixture.Template);
        (await Kubectl.TryAsync("templating", "explain", "puzzling", "-n", _tenant.Name)).Output.ShouldContain("no-such-template");
        (await Kubectl.RunAsync("templating", "exec", "shown", "-n", _tenant.Name, "--", "hostname")).Trim().ShouldBe("shown");
        (await Kubectl.TryAsync("templating", "exec", "shown", "-n", _tenant.Name, "--", "sh", "-c", "exit 7")).ExitCode.ShouldBe(7);
        (await Kubectl.RunAsync("templating", "top", "-n", _tenant.Name)).ShouldContain("shown");
        await Kubectl.DeleteAsync("vmclone", _tenant.Name, "shown");
        await Kubectl.DeleteAsync("vmclone", _tenant.Name, "puzzling");
    }
}
