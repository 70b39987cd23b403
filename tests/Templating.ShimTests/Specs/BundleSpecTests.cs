using System.Text;
using Templating.Shim.Errors;
using Templating.Shim.Specs;
using Templating.Testing;

namespace Templating.ShimTests.Specs;

public sealed class BundleSpecTests
{
    [Fact]
    public void ASandboxSaysWhosePodItIsAndHowLarge()
    {
        var spec = Samples.PodSandbox().Spec(Samples.Sandbox);

        spec.Kind.ShouldBe(ContainerKind.PodSandbox);
        (spec.SandboxId, spec.PodNamespace, spec.PodName, spec.PodUid, spec.Hostname).ShouldBe((Samples.Sandbox, "shop", "web-0", null, "web-0"));
        spec.NetworkNamespace.ShouldBe("/var/run/netns/cni-1");
        spec.CgroupsPath.ShouldBe("/kubepods/burstable/pod0c8a2c5e/5a0d");
        spec.SandboxResources.ShouldBe(new SpecResources(512 << 20, 150_000, 100_000, 512));
        spec.Annotations["templating.dev/template"].ShouldBe("debian");
    }

    [Fact]
    public void AContainerSaysItsSandboxAndItsOwnLimits()
    {
        var spec = Samples.PodContainer().Spec();

        (spec.Kind, spec.SandboxId, spec.ContainerName, spec.PodUid).ShouldBe((ContainerKind.PodContainer, Samples.Sandbox, "web", Samples.Uid));
        spec.Resources.ShouldBe(new SpecResources(128 << 20, 50_000, 100_000, 512));
        spec.Resources.MilliCpus.ShouldBe(500);
        spec.SandboxResources.ShouldBe(SpecResources.None);
    }

    [Fact]
    public void WhatCtrRunsIsASandboxOfItsOwn()
    {
        var spec = Samples.Ctr().Spec("one");

        (spec.Kind, spec.SandboxId, spec.NetworkNamespace, spec.Terminal).ShouldBe((ContainerKind.Single, "one", null, true));
    }

    [Fact]
    public void ABundleIsReadFromItsFolderAndNamedByIt()
    {
        using var folder = new TempFolder();
        var bundle = Directory.CreateDirectory(Path.Combine(folder.Path, "c0ff")).FullName;
        File.WriteAllBytes(Path.Combine(bundle, "config.json"), Samples.Bytes(Samples.PodContainer()));

        BundleSpec.Read(bundle + "/").Id.ShouldBe("c0ff");

        File.Delete(Path.Combine(bundle, "config.json"));
        Should.Throw<ShimException>(() => BundleSpec.Read(bundle)).Message.ShouldContain("config.json");
        File.WriteAllBytes(Path.Combine(bundle, "config.json"), new byte[(4 << 20) + 1]);
        Should.Throw<ShimException>(() => BundleSpec.Read(bundle)).Message.ShouldContain("4194304");
    }

    [Theory]
    [InlineData("", "no JSON")]
    [InlineData("[]", "no JSON object")]
    [InlineData("""{"linux":1}""", "$.linux is Number, expected an object")]
    [InlineData("""{"linux":{"namespaces":{}}}""", "$.linux.namespaces is Object, expected a list")]
    [InlineData("""{"linux":{"namespaces":["pid"]}}""", "namespaces has an entry that is no object")]
    [InlineData("""{"hostname":1}""", "$.hostname is Number, expected a text")]
    [InlineData("""{"hostname":"a","hostname":"b"}""", "no JSON that can be read")]
    [InlineData("""{"process":{"terminal":"yes"}}""", "$.process.terminal is String, expected true or false")]
    [InlineData("""{"linux":{"resources":{"memory":{"limit":"1"}}}}""", "$.linux.resources.memory.limit is String, expected a whole number")]
    [InlineData("""{"annotations":{"io.kubernetes.cri.container-type":"other"}}""", "'other', expected sandbox or container")]
    [InlineData("""{"annotations":{"io.kubernetes.cri.container-type":"container"}}""", "has no annotation io.kubernetes.cri.sandbox-id")]
    [InlineData("""{"annotations":{"io.kubernetes.cri.sandbox-memory":"much"}}""", "'much', expected a whole number")]
    public void WhatIsNoSpecificationIsNamed(string json, string words) =>
        Should.Throw<ShimException>(() => BundleSpec.Parse("x", Encoding.UTF8.GetBytes(json))).Message.ShouldContain(words);

    [Fact]
    public void WhatIsNestedWithoutEndIsRefused() =>
        Should.Throw<ShimException>(() => BundleSpec.Parse("x", Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"a\":", 100)) + "1" + new string('}', 100))));

    [Theory]
    [InlineData("""{"memory":{"limit":1048576},"cpu":{"quota":-1,"period":100000,"shares":2}}""", 1048576L, null)]
    [InlineData("""{"memory":{"limit":9223372036854771712},"cpu":{"quota":25000}}""", null, 250L)]
    [InlineData("""{"memory":{"limit":-1},"cpu":{"quota":100001,"period":100000}}""", null, 1001L)]
    [InlineData("""{}""", null, null)]
    public void AnUpdateSaysLimitsOrNone(string json, long? memory, long? milliCpus)
    {
        var resources = SpecResources.Parse(Encoding.UTF8.GetBytes(json));

        (resources.MemoryLimit, resources.MilliCpus).ShouldBe((memory, milliCpus));
    }
}
