using Templating.Kubernetes.Resources;
using Templating.OperatorTests.Harness;

namespace Templating.OperatorTests.Templates;

public sealed class TemplateRefusalTests
{
    [Fact]
    public async Task AFinalizerThatIsRefusedIsSaidAndNothingIsBuilt()
    {
        await using var space = await TestSpace.StartAsync(nodes: 1);
        await using var policy = await RefusingWebhook.StartAsync(space, "templates are frozen", "UPDATE vmtemplates.templating.dev");
        await space.CreateTemplateAsync("base");

        var template = await space.UntilAsync<VMTemplate>(
            "base", t => Reason(t, "Reconciled") == "ApiRefused" && Reason(t, "Ready") == "ApiRefused", "the refusal is told");

        template!.Status!.Conditions!.Single(c => c.Type == "Reconciled").Message.ShouldContain("PATCH of vmtemplates 'base' (403)");
        template.Status.Conditions!.Single(c => c.Type == "Reconciled").Message.ShouldContain("templates are frozen");
        space.Node(1).Builds.ShouldBeEmpty();
        await policy.StopAsync();
        await space.UntilAsync<VMTemplate>("base", t => Reason(t, "Reconciled") is null && Reason(t, "Ready") != "ApiRefused", "nothing is refused any more");
    }

    private static string? Reason(VMTemplate? template, string type) => template?.Status?.Conditions?.Find(c => c.Type == type)?.Reason;
}
