using Templating.Contract;
using Templating.Shim.Errors;
using Templating.Shim.Options;

namespace Templating.ShimTests.Options;

public sealed class PodIdentityTests
{
    private const string Pod = "3F2A91B0c4d5e6f708192a3b4c5d6e7f3f2a91b0c4d5e6f708192a3b4c5d6e7f";

    [Fact]
    public void ThePodsNamespaceAsContainerdSaysItIsTheTenant()
    {
        var identity = Of(ShimOptions.Default with { Tenant = "other" }, (PodIdentity.NamespaceAnnotation, "team-a"));

        identity.Tenant.ShouldBe("team-a");
        identity.Template.ShouldBe("tenants/team-a/templates/sandbox");
        identity.SandboxName.ShouldBe($"tenants/team-a/clones/{identity.SandboxId}");
    }

    [Fact]
    public void WithoutKubernetesItIsTheOptionOrContainerdsNamespace()
    {
        Of(ShimOptions.Default).Tenant.ShouldBe("default");
        Of(ShimOptions.Default with { Tenant = "tools" }).Tenant.ShouldBe("tools");
    }

    [Fact]
    public void APodChoosesItsTemplateWhereTheHandlerLetsIt()
    {
        var options = ShimOptions.Default with { AllowPodTemplate = true };

        Of(options, (PodIdentity.TemplateAnnotation, "web@0123456789abcdef0123456789abcdef")).Template
            .ShouldBe("tenants/default/templates/web/revisions/0123456789abcdef0123456789abcdef");
        Should.Throw<ShimException>(() => Of(ShimOptions.Default, (PodIdentity.TemplateAnnotation, "web"))).Message.ShouldContain("allow_pod_template");
    }

    [Theory]
    [InlineData("../web")]
    [InlineData("web/revisions/x")]
    [InlineData("web@newest")]
    [InlineData("")]
    public void ATemplateThatIsNoNameIsRefused(string template)
    {
        var options = ShimOptions.Default with { AllowPodTemplate = true };

        Should.Throw<ShimException>(() => Of(options, (PodIdentity.TemplateAnnotation, template))).Message.ShouldContain(PodIdentity.TemplateAnnotation);
    }

    [Fact]
    public void ATenantThatIsNoNameIsRefused() =>
        Should.Throw<ShimException>(() => Of(ShimOptions.Default, (PodIdentity.NamespaceAnnotation, "a/b"))).Message.ShouldContain("'a/b'");

    [Fact]
    public void ASandboxsIdIsALabelThatPeopleFindAgainAndNoTwoPodsShare()
    {
        var id = SandboxIds.Of("k8s.io", Pod);

        Labels.IsLabel(id).ShouldBeTrue();
        id.ShouldStartWith("3f2a91b0c4d5e-");
        SandboxIds.Of("k8s.io", Pod).ShouldBe(id);
        SandboxIds.Of("default", Pod).ShouldNotBe(id);
        SandboxIds.Of("k8s.io", Pod[..^1] + "0").ShouldNotBe(id);
        Labels.IsLabel(SandboxIds.Of("default", "A._")).ShouldBeTrue();
    }

    private static PodIdentity Of(ShimOptions options, params (string Name, string Value)[] annotations) =>
        PodIdentity.Of(options, "default", Pod, annotations.ToDictionary(a => a.Name, a => a.Value, StringComparer.Ordinal));
}
