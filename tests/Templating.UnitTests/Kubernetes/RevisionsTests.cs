using System.Text.Json;
using System.Text.Json.Nodes;
using k8s.Models;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;

namespace Templating.UnitTests.Kubernetes;

/// <summary>Another revision is another template, built anew on every node: these values change with a good reason only, told in the changelog.</summary>
public sealed class RevisionsTests
{
    private static readonly VMTemplateSpec Least = new() { Guest = new VMGuest { Kernel = new VMFileSource { Path = "/guests/vmlinuz" } } };

    private static readonly VMTemplateSpec Whole = new()
    {
        Guest = new VMGuest
        {
            Kernel = new VMFileSource { Url = "https://example.org/vmlinuz", Sha256 = new string('a', 64) },
            Initrd = new VMFileSource { Path = "/guests/ünitrd" },
            Images = [new VMFileSource { Path = "/guests/root.img" }, new VMFileSource { Path = "/guests/data.img", Sha256 = new string('b', 64) }],
            CommandLine = "console=ttyS0 a=\"<b>\"",
        },
        Machine = new VMMachine
        {
            Vcpus = 2,
            Memory = new ResourceQuantity("512Mi"),
            MaxVcpus = 4,
            MaxMemory = new ResourceQuantity("1Gi"),
            Type = "q35",
            CpuModel = "max",
            Accelerator = "tcg",
        },
        Network = new VMNetwork { Outbound = true },
        Readiness = new VMReadiness { TimeoutSeconds = 60, WarmUp = [new VMCommand { Command = ["sh", "-c", "true && true"] }] },
        NodeSelector = new() { ["disk"] = "fast" },
        RevisionHistoryLimit = 1,
    };

    [Fact]
    public void ARevisionIsTheSameInEveryVersion() =>
        (Revisions.Of(Least), Revisions.Of(Whole)).ShouldBe(("d453d88582", "35906a643c"));

    [Fact]
    public void WhatIsUnsetDoesNotCount()
    {
        var spec = new VMTemplateSpec
        {
            Guest = new VMGuest { Kernel = new VMFileSource { Path = "/guests/vmlinuz" }, Images = [] },
            Machine = new VMMachine(),
            Network = new VMNetwork(),
            Readiness = new VMReadiness { WarmUp = [] },
            NodeSelector = new() { ["a"] = "b" },
            RevisionHistoryLimit = 7,
        };

        Revisions.Of(spec).ShouldBe(Revisions.Of(Least));
    }

    /// <summary>The shape that a later version may have: more fields, in another order.</summary>
    [Fact]
    public void AFieldThatALaterVersionAddsLeavesTheRevisionsOfOthersAlone()
    {
        var later = new
        {
            Tomorrow = (object?)null,
            Readiness = Whole.Readiness,
            Machine = Whole.Machine,
            Network = new { Ports = Array.Empty<int>(), Routes = new Dictionary<string, string>(), Whole.Network!.Outbound },
            Guest = new { Whole.Guest.CommandLine, Firmware = (string?)null, Whole.Guest.Images, Whole.Guest.Initrd, Whole.Guest.Kernel },
        };

        Revisions.Digest(Node(later)).ShouldBe(Revisions.Of(Whole));
    }

    [Fact]
    public void TheOrderOfAMapsKeysDoesNotCount() =>
        Revisions.Digest(Node(new { Map = new Dictionary<string, int> { ["a"] = 1, ["b"] = 2 } }))
            .ShouldBe(Revisions.Digest(Node(new { Map = new Dictionary<string, int> { ["b"] = 2, ["a"] = 1 } })));

    [Fact]
    public void TheOrderOfAListDoes() =>
        Revisions.Digest(Node(new { List = new[] { 1, 2 } })).ShouldNotBe(Revisions.Digest(Node(new { List = new[] { 2, 1 } })));

    /// <summary>As before they were generated: digests of what runs stand in statuses and on pods.</summary>
    [Fact]
    public void TheEssenceOfAPartIsItsJsonByReflection()
    {
        var pod = new VMPodTemplate
        {
            Labels = new() { ["ünd"] = "a\"<b>" },
            Resources = new() { Requests = new() { ["cpu"] = new ResourceQuantity("500m") } },
            Affinity = new()
            {
                NodeAffinity = new()
                {
                    RequiredDuringSchedulingIgnoredDuringExecution = new()
                    {
                        NodeSelectorTerms = [new() { MatchExpressions = [new() { Key = "disk", OperatorProperty = "In", Values = ["fast"] }] }],
                    },
                },
            },
            Tolerations = [new() { Key = "x", OperatorProperty = "Exists", TolerationSeconds = 5 }],
            TopologySpreadConstraints = [new() { MaxSkew = 1, TopologyKey = "zone", LabelSelector = new() { MatchLabels = new Dictionary<string, string> { ["a"] = "b" } } }],
            ImagePullSecrets = [new() { Name = "s" }],
            DnsConfig = new() { Nameservers = ["10.0.0.1"], Options = [new() { Name = "ndots", Value = "1" }] },
            TerminationGracePeriodSeconds = 10,
        };

        Same(pod);
        Same(Whole.Guest);
        Same(Whole.Machine);
        Same(Whole.Network);
        Same(Whole.Readiness);
        Same(new List<VMEnvironmentVariable> { new() { Name = "A", Value = "é" }, new() { Name = "B", SecretKeyRef = new() { Name = "s", Key = "k", Optional = true } } });
        Same(new VMValueSource { Value = "text" });
        Same(new List<VMFile> { new() { Path = "/a", Value = "x", Mode = 384 } });
        Same(new List<VMPort> { new() { Name = "web", GuestPort = 80, Port = 8080 } });
        Same<DateTime?>(new DateTime(2026, 1, 2, 3, 4, 5, 6, DateTimeKind.Utc));
        Same<int?>(5);
        Same<int?>(null);
        Same("Always");
        Same<List<VMFile>?>(null);

        static void Same<T>(T part)
        {
            (Revisions.Essence(part)?.ToJsonString()).ShouldBe(Node(part)?.ToJsonString());
            Revisions.Digest(new JsonObject { ["part"] = Revisions.Essence(part) }).ShouldBe(Revisions.Digest(Node(new { Part = part })));
        }
    }

    [Fact]
    public void WhatIsSetCounts()
    {
        var changes = new Action<VMTemplateSpec>[]
        {
            s => s.Guest.Kernel.Url += "x",
            s => s.Guest.Kernel.Sha256 = new string('c', 64),
            s => s.Guest.Initrd!.Path += "x",
            s => s.Guest.Images!.Reverse(),
            s => s.Guest.CommandLine += "x",
            s => s.Machine!.Vcpus = 3,
            s => s.Machine!.Memory = new ResourceQuantity("514Mi"),
            s => s.Machine!.MaxVcpus = 5,
            s => s.Machine!.MaxMemory = new ResourceQuantity("2Gi"),
            s => s.Machine!.Type = null,
            s => s.Machine!.CpuModel = null,
            s => s.Machine!.Accelerator = null,
            s => s.Network!.Outbound = false,
            s => s.Readiness!.TimeoutSeconds = null,
            s => s.Readiness!.WaitForBoot = false,
            s => s.Readiness!.WarmUp![0].Command.Add("x"),
        };
        var revisions = changes.Select(change =>
        {
            var spec = JsonSerializer.Deserialize<VMTemplateSpec>(JsonSerializer.Serialize(Whole))!;
            change(spec);
            return Revisions.Of(spec);
        }).Append(Revisions.Of(Whole));

        revisions.ShouldBeUnique();
    }

    private static JsonNode? Node<T>(T value) => JsonSerializer.SerializeToNode(value, JsonSerializerOptions.Web);
}
