using k8s.Models;
using Microsoft.Extensions.Options;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Pods;
using Templating.Operator.Validation;

namespace Templating.OperatorTests.Pods;

/// <summary>Where VM pods go: what the user says, what we must have, and what we would like.</summary>
public sealed class PodPlacementTests
{
    private const string Revision = "web.team.templating.dev/revision";

    [Fact]
    public void OurRequirementIsInEachTermOfTheUsers()
    {
        var affinity = new V1Affinity
        {
            NodeAffinity = new V1NodeAffinity
            {
                RequiredDuringSchedulingIgnoredDuringExecution = new V1NodeSelector
                {
                    NodeSelectorTerms =
                    [
                        new V1NodeSelectorTerm { MatchExpressions = [new V1NodeSelectorRequirement { Key = "zone", OperatorProperty = "In", Values = ["a"] }] },
                        new V1NodeSelectorTerm { MatchFields = [new V1NodeSelectorRequirement { Key = "metadata.name", OperatorProperty = "In", Values = ["n"] }] },
                    ],
                },
                PreferredDuringSchedulingIgnoredDuringExecution = [new V1PreferredSchedulingTerm { Weight = 1, Preference = new V1NodeSelectorTerm() }],
            },
            PodAntiAffinity = new V1PodAntiAffinity(),
        };

        var built = Build(new VMPodTemplate { Affinity = affinity }).Spec.Affinity;

        var terms = built.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms;
        terms.Select(t => string.Join(",", t.MatchExpressions.Select(e => e.Key))).ShouldBe([$"zone,{Revision}", Revision]);
        terms[1].MatchFields.ShouldHaveSingleItem().Key.ShouldBe("metadata.name");
        built.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution.ShouldBeSameAs(affinity.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution);
        built.PodAntiAffinity.ShouldBeSameAs(affinity.PodAntiAffinity);
        affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms[0].MatchExpressions.Count.ShouldBe(1, "the pool's spec is not ours to change");
    }

    /// <summary>Alone, it matches no node; with our requirement in it, it would match many.</summary>
    [Fact]
    public void ATermThatMatchesNoNodeIsRefused()
    {
        static IEnumerable<string> Faults(params V1NodeSelectorTerm[] terms) => PodTemplateRules.Check(new VMPodTemplate
        {
            Affinity = new V1Affinity
            {
                NodeAffinity = new V1NodeAffinity { RequiredDuringSchedulingIgnoredDuringExecution = new V1NodeSelector { NodeSelectorTerms = [.. terms] } },
            },
        }).Select(f => f.Field);
        const string Field = "spec.pod.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms";

        Faults().ShouldBe([Field]);
        Faults(new V1NodeSelectorTerm(), new V1NodeSelectorTerm { MatchExpressions = [] }).ShouldBe([$"{Field}[0]", $"{Field}[1]"]);
        Faults(new V1NodeSelectorTerm { MatchFields = [new V1NodeSelectorRequirement()] }).ShouldBeEmpty();
    }

    [Fact]
    public void WaitingVMsOfAPoolSpreadIfTheyCanAndTheUsersWordsReplaceThat()
    {
        var soft = Build(null, pool: "pool").Spec.TopologySpreadConstraints.ShouldHaveSingleItem();
        soft.TopologyKey.ShouldBe("kubernetes.io/hostname");
        soft.WhenUnsatisfiable.ShouldBe("ScheduleAnyway");
        soft.LabelSelector.MatchLabels[Keys.PoolLabel].ShouldBe("pool");
        soft.LabelSelector.MatchExpressions.ShouldHaveSingleItem().Key.ShouldBe(Keys.CloneLabel);

        var users = new V1TopologySpreadConstraint { TopologyKey = "zone" };
        Build(new VMPodTemplate { TopologySpreadConstraints = [users] }, pool: "pool").Spec.TopologySpreadConstraints.ShouldBe([users]);
        Build(new VMPodTemplate { TopologySpreadConstraints = [] }, pool: "pool").Spec.TopologySpreadConstraints.ShouldBeEmpty();
        Build(null).Spec.TopologySpreadConstraints.ShouldBeNull("a VMClone's pod is alone");
    }

    [Fact]
    public void TheRestIsThePodsAsItIsWritten()
    {
        var users = new VMPodTemplate
        {
            SchedulerName = "other",
            ImagePullSecrets = [new V1LocalObjectReference { Name = "registry" }],
            DnsPolicy = "None",
            DnsConfig = new V1PodDNSConfig { Nameservers = ["10.0.0.1"] },
            PriorityClassName = "low",
        };

        var spec = Build(users).Spec;

        spec.SchedulerName.ShouldBe("other");
        spec.ImagePullSecrets.ShouldBeSameAs(users.ImagePullSecrets);
        spec.DnsPolicy.ShouldBe("None");
        spec.DnsConfig.ShouldBeSameAs(users.DnsConfig);
        spec.PriorityClassName.ShouldBe("low");
    }

    private static V1Pod Build(VMPodTemplate? pod, string? pool = null) => new PodBuilder(Options.Create(new PodOptions())).Build(new PodPlan
    {
        Template = new VMTemplate { Metadata = new() { Name = "web", NamespaceProperty = "team" }, Spec = new VMTemplateSpec() },
        Revision = "0123456789",
        Owner = PodBuilder.Owner(VMPool.KubeKind, new V1ObjectMeta { Name = "pool", Uid = "u" }),
        GenerateName = "pool-",
        Pod = pod,
        Labels = pool is null ? new Dictionary<string, string>() : new Dictionary<string, string> { [Keys.PoolLabel] = pool },
    });
}
