using k8s.Models;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Reconcilers.Clones.Work;

namespace Templating.OperatorTests.Clones;

public sealed class CloneRulesTests
{
    public static TheoryData<string, Action<VMCloneSpec>> Faults => new()
    {
        { "spec", s => s.Template = null },
        { "spec", s => s.Pool = "pool" },
        { "spec.template", s => s.Template = "Web" },
        { "spec.hostname", s => s.Hostname = "a_b" },
        { "spec.env[0].name", s => s.Env = [new() { Name = "1A" }] },
        { "spec.env[1].name", s => s.Env = [new() { Name = "A" }, new() { Name = "A" }] },
        { "spec.env[0]", s => s.Env = [new() { Name = "A", Value = "x", SecretKeyRef = new() { Name = "s", Key = "k" } }] },
        { "spec.env[0].secretKeyRef.name", s => s.Env = [new() { Name = "A", SecretKeyRef = new() { Name = "S!", Key = "k" } }] },
        { "spec.env[0].secretKeyRef.key", s => s.Env = [new() { Name = "A", SecretKeyRef = new() { Name = "s" } }] },
        { "spec.env", s => s.Env = [.. Enumerable.Range(0, 3).Select(i => new VMEnvironmentVariable { Name = $"A{i}", Value = new string('x', 30_000) })] },
        { "spec.env", s => s.Env = [.. Enumerable.Range(0, 257).Select(i => new VMEnvironmentVariable { Name = $"A{i}" })] },
        { "spec.env[0].value", s => s.Env = [new() { Name = "A", Value = "a\0b" }] },
        { "spec.userData.value", s => s.UserData = new() { Value = new string('x', 65_537) } },
        { "spec.userData", s => s.UserData = new() { Value = new string('é', 40_000) } },
        { "spec.files[0].path", s => s.Files = [new() { Path = "etc/x" }] },
        { "spec.files[0].path", s => s.Files = [new() { Path = "/etc/../x" }] },
        { "spec.files[1].path", s => s.Files = [new() { Path = "/x" }, new() { Path = "/x" }] },
        { "spec.files[0].mode", s => s.Files = [new() { Path = "/x", Mode = 512 }] },
        { "spec.files", s => s.Files = [.. Enumerable.Range(0, 9).Select(i => new VMFile { Path = $"/x{i}", Value = new string('x', 60_000) })] },
        { "spec.ports[0].guestPort", s => s.Ports = [new() { GuestPort = 0, Port = 2000 }] },
        { "spec.ports[0].port", s => s.Ports = [new() { GuestPort = 80 }] },
        { "spec.ports[0].port", s => s.Ports = [new() { GuestPort = 80, Port = 80 }] },
        { "spec.ports[1].port", s => s.Ports = [new() { GuestPort = 80, Port = 8080 }, new() { GuestPort = 8080 }] },
        { "spec.ports[1].name", s => s.Ports = [new() { Name = "a", GuestPort = 8080 }, new() { Name = "a", GuestPort = 8081 }] },
        { "spec.ttlSecondsAfterFinished", s => s.TtlSecondsAfterFinished = -1 },
        { "spec.restartPolicy", s => s.RestartPolicy = "Sometimes" },
        { "spec.identityTimeoutSeconds", s => s.IdentityTimeoutSeconds = 601 },
        { "spec.pod.terminationGracePeriodSeconds", s => s.Pod = new() { TerminationGracePeriodSeconds = 601 } },
        { "spec.pod.labels[templating.dev/clone]", s => s.Pod = new() { Labels = new() { ["templating.dev/clone"] = "x" } } },
        { "spec.pod.labels[app.kubernetes.io/name]", s => s.Pod = new() { Labels = new() { ["app.kubernetes.io/name"] = "x" } } },
        { "spec.pod.labels[a]", s => s.Pod = new() { Labels = new() { ["a"] = "not a value" } } },
        { "spec.pod.annotations[a b]", s => s.Pod = new() { Annotations = new() { ["a b"] = "x" } } },
        { "spec.pod.resources.limits[templating.dev/kvm]", s => s.Pod = new() { Resources = new() { Limits = new() { ["templating.dev/kvm"] = new ResourceQuantity("2") } } } },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void AFaultNamesItsField(string field, Action<VMCloneSpec> change)
    {
        var spec = Good();
        change(spec);

        CloneRules.Check(new VMClone { Spec = spec }, null).Select(f => f.Field).ShouldContain(field);
    }

    [Fact]
    public void AGoodSpecHasNoFault() => CloneRules.Check(new VMClone { Spec = Good() }, null).ShouldBeEmpty();

    [Fact]
    public void AFieldIsFaultedOnceAndWhatIsGivenToAGuestIsNotRepeated()
    {
        var spec = Good();
        spec.Env = [new() { Name = "A", Value = "hunter2\0" }];

        CloneRules.Check(new VMClone { Spec = spec }, null).ShouldHaveSingleItem().Description.ShouldNotContain("hunter2");
    }

    [Fact]
    public void WhatMayNotChangeIsComparedWithTheVM()
    {
        var pod = new V1Pod { Metadata = new V1ObjectMeta { Labels = new Dictionary<string, string> { [Keys.TemplateLabel] = "before" } } };

        CloneRules.Check(new VMClone { Spec = Good() }, pod).ShouldHaveSingleItem().Field.ShouldBe("spec.template");
    }

    [Fact]
    public void OfAPoolsPodOnlyMetadataIsTheClones()
    {
        var spec = new VMCloneSpec { Pool = "pool", Pod = new VMPodTemplate { NodeSelector = new() { ["a"] = "b" } } };

        CloneRules.Check(new VMClone { Spec = spec }, null).ShouldHaveSingleItem().Field.ShouldBe("spec.pod");
    }

    private static VMCloneSpec Good() => new()
    {
        Template = "web",
        Env = [new() { Name = "MODE", Value = "test" }],
        Ports = [new() { Name = "http", GuestPort = 80, Port = 8080 }],
    };
}
