using k8s.Models;
using Templating.Kubernetes.Resources;
using Templating.OperatorTests.Harness;

namespace Templating.OperatorTests.Pools;

public sealed class PoolChangesTests : ByHandTests
{
    [Fact]
    public async Task APoolsPodsAreReplacedByThoseOfItsPresentPodSpec()
    {
        await FillPoolAsync(2);
        await Space.PatchAsync<VMPool>("pool", new { spec = new { pod = new { labels = new Dictionary<string, string> { ["x"] = "y" } } } });
        var pool = await ReconcilePoolAsync();
        pool.Status!.UpdatedReplicas.ShouldBe(1, "the first of them was made in this pass");
        for (var pass = 0; pass < 8; pass++)
        {
            await Space.StartPodsAsync();
            pool = await ReconcilePoolAsync();
            foreach (var pod in (await Space.PodsAsync()).Where(p => p.Metadata.DeletionTimestamp is not null))
            {
                await Space.Kubelet.RemoveAsync(pod.Metadata.Name);
            }
        }

        (pool.Status!.ReadyReplicas, pool.Status.UpdatedReplicas).ShouldBe((2, 2));
        (await Space.PodsAsync()).ShouldAllBe(pod => pod.Metadata.Labels["x"] == "y");
        await Operator.ShouldBeAtRestAsync(ReconcilePoolAsync);
    }

    /// <summary>The schema of a real server, and the server's own rules for pods, take all that spec.pod has.</summary>
    [Fact]
    public async Task EveryFieldOfThePodReachesIt()
    {
        await Space.CreatePoolAsync("pool", 1, spec => spec.Pod = new VMPodTemplate
        {
            Affinity = new V1Affinity
            {
                NodeAffinity = new V1NodeAffinity
                {
                    RequiredDuringSchedulingIgnoredDuringExecution = new V1NodeSelector
                    {
                        NodeSelectorTerms = [new V1NodeSelectorTerm { MatchExpressions = [new V1NodeSelectorRequirement { Key = "zone", OperatorProperty = "In", Values = ["a"] }] }],
                    },
                    PreferredDuringSchedulingIgnoredDuringExecution =
                    [
                        new V1PreferredSchedulingTerm
                        {
                            Weight = 5,
                            Preference = new V1NodeSelectorTerm { MatchExpressions = [new V1NodeSelectorRequirement { Key = "ssd", OperatorProperty = "Exists" }] },
                        },
                    ],
                },
                PodAntiAffinity = new V1PodAntiAffinity
                {
                    RequiredDuringSchedulingIgnoredDuringExecution =
                    [
                        new V1PodAffinityTerm { TopologyKey = "kubernetes.io/hostname", LabelSelector = new V1LabelSelector { MatchLabels = new Dictionary<string, string> { ["app"] = "db" } } },
                    ],
                },
            },
            TopologySpreadConstraints =
            [
                new V1TopologySpreadConstraint
                {
                    MaxSkew = 1, TopologyKey = "zone", WhenUnsatisfiable = "DoNotSchedule",
                    LabelSelector = new V1LabelSelector { MatchLabels = new Dictionary<string, string> { ["app"] = "web" } },
                },
            ],
            SchedulerName = "other",
            ImagePullSecrets = [new V1LocalObjectReference { Name = "registry" }],
            DnsPolicy = "None",
            DnsConfig = new V1PodDNSConfig { Nameservers = ["10.0.0.1"], Searches = ["team.example"], Options = [new V1PodDNSConfigOption { Name = "ndots", Value = "2" }] },
        });
        Condition(await ReconcilePoolAsync(), "Progressing").Reason.ShouldBe("MembersChanging");

        var spec = (await Space.PodsAsync()).ShouldHaveSingleItem().Spec;

        spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms.ShouldHaveSingleItem().MatchExpressions
            .Select(e => e.Key).ShouldBe(["zone", $"web.{Space.Name}.templating.dev/revision"]);
        spec.Affinity.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution.ShouldHaveSingleItem().Weight.ShouldBe(5);
        spec.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution.ShouldHaveSingleItem().LabelSelector.MatchLabels["app"].ShouldBe("db");
        spec.TopologySpreadConstraints.ShouldHaveSingleItem().WhenUnsatisfiable.ShouldBe("DoNotSchedule");
        spec.SchedulerName.ShouldBe("other");
        spec.ImagePullSecrets.ShouldHaveSingleItem().Name.ShouldBe("registry");
        spec.DnsConfig.Options.ShouldHaveSingleItem().Value.ShouldBe("2");
        await Operator.ShouldBeAtRestAsync(ReconcilePoolAsync);
    }
}
