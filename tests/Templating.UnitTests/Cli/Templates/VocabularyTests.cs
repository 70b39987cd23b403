using System.Text.Json;
using Google.Protobuf.WellKnownTypes;
using Templating.Cli.Exits;
using Templating.Cli.Templates;
using Templating.Kubernetes.Resources;
using Templating.V1;

namespace Templating.UnitTests.Cli.Templates;

/// <summary>A template on a node and a VMTemplate in a cluster: one thing, and whoever knows the one's words is understood by the other.</summary>
public sealed class VocabularyTests
{
    private const string Spec = """
        guest:
          kernel: {path: /usr/share/templating/vmlinuz}
          initrd: {url: "https://files.example.org/initrd", sha256: "0000000000000000000000000000000000000000000000000000000000000000"}
          images: [{path: /usr/share/templating/rootfs.img}]
          commandLine: console=ttyS0
        machine: {vcpus: 2, memory: 256Mi, maxVcpus: 4, maxMemory: 1Gi, type: pc-q35-10.0, cpuModel: qemu64, accelerator: tcg}
        network: {outbound: true}
        sandbox: true
        readiness:
          timeoutSeconds: 90
          waitForBoot: false
          warmUp:
            - command: [/bin/true]
        revisionHistoryLimit: 3
        """;

    private static readonly string Manifest = "apiVersion: templating.dev/v1alpha1\nkind: VMTemplate\nmetadata: {name: web}\nspec:\n" + Indented(Spec);

    private static readonly TemplateSpec Expected = new()
    {
        Guest = new GuestSpec
        {
            Kernel = new FileSource { Path = "/usr/share/templating/vmlinuz" },
            Initrd = new FileSource { Url = "https://files.example.org/initrd", Sha256 = new string('0', 64) },
            Images = { new FileSource { Path = "/usr/share/templating/rootfs.img" } },
            CommandLine = "console=ttyS0",
        },
        Machine = new MachineSpec
        {
            Vcpus = 2,
            MemoryBytes = 256 << 20,
            MaxVcpus = 4,
            MaxMemoryBytes = 1 << 30,
            MachineType = "pc-q35-10.0",
            CpuModel = "qemu64",
            Accelerator = Accelerator.Tcg,
        },
        Network = new NetworkSpec { Outbound = true },
        Sandbox = true,
        Readiness = new ReadinessSpec { Timeout = Duration.FromTimeSpan(TimeSpan.FromSeconds(90)), WaitForBoot = false, WarmUp = { new Command { Arguments = { "/bin/true" } } } },
    };

    [Fact]
    public void AManifestIsReadAsTheTemplateItDescribes() => SpecFile.Parse("web.yaml", Manifest).ShouldBe(new TemplateFile(Expected, 3));

    [Fact]
    public void ItsSpecAloneIsUnderstoodToo() =>
        SpecFile.Parse("web.yaml", Spec.Replace("revisionHistoryLimit: 3", "", StringComparison.Ordinal)).Spec.ShouldBe(Expected);

    [Fact]
    public void EveryFieldOfAVmTemplateIsInTheTable() =>
        Fields(typeof(VMTemplateSpec)).Where(field => !Spec.Contains(field + ":", StringComparison.Ordinal)).ShouldBe(["nodeSelector"]);

    [Theory]
    [InlineData("machine: {memory: 1Gi, memory_bytes: 1}", "machine.memory_bytes")]
    [InlineData("machine: {memory: 1GB}", "machine.memory")]
    [InlineData("machine: {type: 7}", "machine.type")]
    [InlineData("readiness: {timeoutSeconds: 2m}", "readiness.timeoutSeconds")]
    [InlineData("readiness: {timeout: 90}", "readiness.timeout")]
    [InlineData("readiness: {timeout: 1m, timeoutSeconds: 60}", "readiness.timeoutSeconds")]
    [InlineData("readiness: {warmUp: [{command: x}]}", "readiness.warmUp[0].command")]
    [InlineData("nodeSelector: {a: b}", "nodeSelector")]
    public void WhatIsWrongIsToldUnderTheNameThatWasWritten(string text, string field)
    {
        Should.Throw<CliException>(() => SpecFile.Parse("f", text)).Violations.ShouldHaveSingleItem().Field.ShouldBe(field);
        Should.Throw<CliException>(() => SpecFile.Parse("f", "apiVersion: templating.dev/v1alpha1\nkind: VMTemplate\nspec:\n" + Indented(text)))
            .Violations.ShouldHaveSingleItem().Field.ShouldBe("spec." + field);
    }

    [Theory]
    [InlineData("apiVersion: templating.dev/v1alpha1\nkind: VMClone\nspec: {}", "VMClone")]
    [InlineData("apiVersion: v1\nkind: Pod\nspec: {}", "Pod")]
    [InlineData("apiVersion: 1\nkind: VMTemplate\nspec: {}", "VMTemplate")]
    [InlineData("apiVersion: templating.dev/v1alpha1\nkind: VMTemplate", "no spec")]
    public void AnotherObjectIsRefusedWithOneSentence(string text, string word)
    {
        var failure = Should.Throw<CliException>(() => SpecFile.Parse("f.yaml", text));
        failure.Message.ShouldContain("f.yaml");
        failure.Message.ShouldContain(word);
        failure.Violations.ShouldBeEmpty();
    }

    private static string Indented(string text) => string.Concat(text.Split('\n').Select(line => "  " + line + "\n"));

    private static IEnumerable<string> Fields(System.Type type) => type.GetProperties().SelectMany(property =>
    {
        var inner = property.PropertyType.IsGenericType && property.PropertyType.GetGenericTypeDefinition() == typeof(List<>) ? property.PropertyType.GenericTypeArguments[0] : property.PropertyType;
        string[] own = [JsonNamingPolicy.CamelCase.ConvertName(property.Name)];
        return inner.Assembly == type.Assembly ? own.Concat(Fields(inner)) : own;
    }).Distinct();
}
