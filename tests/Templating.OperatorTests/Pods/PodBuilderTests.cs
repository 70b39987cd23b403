using k8s.Models;
using Microsoft.Extensions.Options;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Pods;

namespace Templating.OperatorTests.Pods;

public sealed class PodBuilderTests
{
    /// <summary>https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted, rule by rule.</summary>
    [Fact]
    public void ItPassesTheRestrictedPodSecurityLevel()
    {
        var spec = Build().Spec;

        spec.HostNetwork.ShouldBeNull();
        spec.HostPID.ShouldBeNull();
        spec.HostIPC.ShouldBeNull();
        spec.SecurityContext.RunAsNonRoot.ShouldBe(true);
        spec.SecurityContext.RunAsUser.ShouldBe(65532);
        spec.SecurityContext.SeccompProfile.Type.ShouldBe("RuntimeDefault");
        spec.SecurityContext.Sysctls.ShouldBeNull();
        spec.Volumes.ShouldAllBe(v => v.Csi != null || v.EmptyDir != null);
        spec.InitContainers.ShouldBeNull();
        var container = spec.Containers.ShouldHaveSingleItem();
        container.Ports.ShouldBeNull();
        container.SecurityContext.Privileged.ShouldBeNull();
        container.SecurityContext.AllowPrivilegeEscalation.ShouldBe(false);
        container.SecurityContext.ReadOnlyRootFilesystem.ShouldBe(true);
        container.SecurityContext.Capabilities.Drop.ShouldBe(["ALL"]);
        container.SecurityContext.Capabilities.Add.ShouldBeNull();
        spec.AutomountServiceAccountToken.ShouldBe(false);
    }

    [Fact]
    public void ItGoesToNodesThatHaveItsRevisionAndMountsThatOne()
    {
        var pod = Build();

        var expression = pod.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms.Single().MatchExpressions.Single();
        expression.Key.ShouldBe("web.team.templating.dev/revision");
        expression.Values.ShouldBe(["0123456789"]);
        var csi = pod.Spec.Volumes.Single(v => v.Csi is not null).Csi;
        csi.Driver.ShouldBe("templating.dev");
        csi.VolumeAttributes.ShouldBe(new Dictionary<string, string> { ["template"] = "web", ["revision"] = "0123456789" }, ignoreOrder: true);
        pod.Metadata.Labels[Keys.RevisionLabel].ShouldBe("0123456789");
    }

    [Fact]
    public void ItsLimitIsAllOfTheRamAndItsRequestAQuarter()
    {
        var resources = Build(machine: new VMMachine { Memory = new ResourceQuantity("1Gi"), Vcpus = 2 }).Spec.Containers[0].Resources;

        resources.Limits["memory"].ToString().ShouldBe("1152Mi");
        resources.Requests["memory"].ToString().ShouldBe("384Mi");
        resources.Requests["cpu"].ToString().ShouldBe("200m");
        resources.Limits.ShouldNotContainKey(Keys.KvmResource);
    }

    [Fact]
    public void UsersResourcesWinAndAKvmTemplateAsksForTheDevice()
    {
        var resources = Build(
            new VMPodTemplate { Resources = new VMPodResources { Limits = new() { ["memory"] = new ResourceQuantity("100Mi"), ["cpu"] = new ResourceQuantity("50m") } } },
            new VMMachine { Accelerator = "kvm" }).Spec.Containers[0].Resources;

        resources.Limits["memory"].ToString().ShouldBe("100Mi");
        resources.Requests["memory"].ToString().ShouldBe("100Mi");
        resources.Requests["cpu"].ToString().ShouldBe("50m");
        resources.Limits[Keys.KvmResource].ToString().ShouldBe("1");
    }

    [Fact]
    public void ThePodHasMoreTimeToEndThanTheGuest()
    {
        var spec = Build(new VMPodTemplate { TerminationGracePeriodSeconds = 90 }).Spec;

        spec.Containers[0].Args.ShouldBe(["pod", "--wait", "--volume", "/run/templating", "--grace", "90s"]);
        spec.TerminationGracePeriodSeconds.ShouldBe(95);
    }

    [Fact]
    public void UsersMetadataIsKeptAndOursIsOurs()
    {
        var pod = Build(new VMPodTemplate { Labels = new() { ["app"] = "shop", [Keys.TemplateLabel] = "other" }, Annotations = new() { ["a"] = "b" } });

        pod.Metadata.Labels["app"].ShouldBe("shop");
        pod.Metadata.Labels[Keys.TemplateLabel].ShouldBe("web");
        pod.Metadata.Annotations["a"].ShouldBe("b");
        var owner = pod.Metadata.OwnerReferences.ShouldHaveSingleItem();
        owner.Controller.ShouldBe(true);
        owner.BlockOwnerDeletion.ShouldBe(false);
    }

    [Fact]
    public void RequestIdsAreUuidsOfTheirOwnForEachVM()
    {
        var uid = "6f1f7f0e-8d7c-4f0b-9a59-0f5e0a8f3f11";

        PodNames.RequestId(uid, 0).ShouldBe(uid);
        PodNames.RequestId(uid, 1).ShouldBe(PodNames.RequestId(uid, 1));
        PodNames.RequestId(uid, 1).ShouldNotBe(PodNames.RequestId(uid, 2));
        Guid.TryParse(PodNames.RequestId(uid, 1), out _).ShouldBeTrue();
        PodNames.CloneId("a.b", uid).ShouldStartWith("a-b-");
        PodNames.ForClone(new string('x', 253), uid, 0).Length.ShouldBeLessThanOrEqualTo(63);
    }

    private static V1Pod Build(VMPodTemplate? pod = null, VMMachine? machine = null) => new PodBuilder(Options.Create(new PodOptions())).Build(new PodPlan
    {
        Template = new VMTemplate { Metadata = new() { Name = "web", NamespaceProperty = "team" }, Spec = new VMTemplateSpec { Machine = machine } },
        Revision = "0123456789",
        Owner = PodBuilder.Owner(VMPool.KubeKind, new V1ObjectMeta { Name = "pool", Uid = "u" }),
        GenerateName = "pool-",
        Pod = pod,
    });
}
