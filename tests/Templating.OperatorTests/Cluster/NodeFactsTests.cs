using k8s;
using k8s.Models;
using Templating.Kubernetes;
using Templating.Operator.Cluster;
using Templating.OperatorTests.Harness;
using Templating.Testing;
using KubernetesApi = k8s.Kubernetes;

namespace Templating.OperatorTests.Cluster;

public sealed class NodeFactsTests
{
    private static readonly DateTime Then = new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);

    /// <summary>What is looked at of a node.</summary>
    public static TheoryData<string, Action<V1Node>> Facts => new()
    {
        { "another node of its name", node => node.Metadata.Uid = "other" },
        { "its end", node => node.Metadata.DeletionTimestamp = Then },
        { "a label more", node => node.Metadata.Labels.Add("zone", "b") },
        { "a label less", node => node.Metadata.Labels.Remove("kept") },
        { "another value of a label", node => node.Metadata.Labels["kept"] = "other" },
        { "another name of a label", node => (_, node.Metadata.Labels["new"]) = (node.Metadata.Labels.Remove("kept"), "1") },
        { "no labels", node => node.Metadata.Labels = null },
        { "a revision withdrawn", node => node.Metadata.Annotations["b.ns" + Keys.NodeLabelSuffix] = "r" },
        { "cordoned", node => node.Spec.Unschedulable = true },
        { "not ready", node => Ready(node).Status = "False" },
        { "not ready anew", node => Ready(node).LastTransitionTime = Then.AddDays(1) },
        { "another reason", node => Ready(node).Message = "Its runtime is down." },
        { "no word of it", node => node.Status.Conditions = [] },
        { "no status", node => node.Status = null },
    };

    /// <summary>What its kubelet and others write of it beside that.</summary>
    public static TheoryData<string, Action<V1Node>> Rest => new()
    {
        { "a heartbeat", node => Ready(node).LastHeartbeatTime = Then.AddMinutes(5) },
        { "another condition", node => node.Status.Conditions.Add(new V1NodeCondition { Type = "MemoryPressure", Status = "True", LastTransitionTime = Then }) },
        { "its images", node => node.Status.Images = [new V1ContainerImage { Names = ["a"] }] },
        { "its room", node => node.Status.Allocatable = new Dictionary<string, ResourceQuantity> { ["cpu"] = new("8") } },
        { "another's annotation", node => node.Metadata.Annotations["other"] = "1" },
        { "whose fields they are", node => node.Metadata.ManagedFields = [new V1ManagedFieldsEntry { Manager = "kubelet" }] },
        { "a taint", node => node.Spec.Taints = [new V1Taint { Key = "a", Effect = "NoSchedule" }] },
        { "its version", node => node.Metadata.ResourceVersion = "2" },
    };

    [Theory]
    [MemberData(nameof(Facts))]
    public void AChangeOfWhatIsLookedAtIsOne(string what, Action<V1Node> change) => AreSame(change).ShouldBeFalse(what);

    [Theory]
    [MemberData(nameof(Rest))]
    public void AnyOtherChangeIsNone(string what, Action<V1Node> change) => AreSame(change).ShouldBeTrue(what);

    [Fact]
    public async Task NobodyIsToldOfAHeartbeat()
    {
        var server = await SharedCluster.GetAsync();
        using var client = server.Client();
        await using var parts = await OperatorParts.SharedAsync();
        var name = await Namespaces.CreateAsync(client);
        List<string> told = [];
        using var subscription = parts.Caches.Nodes.Subscribe((_, after) =>
        {
            if (after?.Metadata.Name == name)
            {
                lock (told)
                {
                    told.Add(after.Metadata.Labels?.TryGetValue("step", out var step) == true ? step : "new");
                }
            }
        });
        try
        {
            await client.CoreV1.CreateNodeAsync(new V1Node { Metadata = new V1ObjectMeta { Name = name } });
            await HeartbeatAsync(client, name, Then);
            await LabelAsync(client, name, "1");
            await Eventually.UntilAsync(() => Told(told) == "new new 1", "its first condition is news, and a label is");

            await HeartbeatAsync(client, name, Then.AddMinutes(5));
            await HeartbeatAsync(client, name, Then.AddMinutes(10));
            await LabelAsync(client, name, "2");

            await Eventually.UntilAsync(() => Told(told).EndsWith('2'), "a label is told");
            Told(told).ShouldBe("new new 1 2");
        }
        finally
        {
            await client.CoreV1.DeleteNodeAsync(name);
        }
    }

    private static bool AreSame(Action<V1Node> change)
    {
        var (before, after) = (Node(), Node());
        change(after);
        NodeFacts.Trim(before);
        NodeFacts.Trim(after);
        return NodeFacts.AreSame(before, after) && NodeFacts.AreSame(after, before);
    }

    private static V1Node Node() => new()
    {
        Metadata = new V1ObjectMeta
        {
            Name = "n",
            Uid = "u",
            ResourceVersion = "1",
            Labels = new Dictionary<string, string> { ["kept"] = "1" },
            Annotations = new Dictionary<string, string> { ["a.ns" + Keys.NodeLabelSuffix] = "r" },
        },
        Spec = new V1NodeSpec(),
        Status = new V1NodeStatus { Conditions = [new V1NodeCondition { Type = "Ready", Status = "True", Message = "It is.", LastTransitionTime = Then, LastHeartbeatTime = Then }] },
    };

    private static V1NodeCondition Ready(V1Node node) => node.Status.Conditions.Single(c => c.Type == "Ready");

    private static string Told(List<string> told)
    {
        lock (told)
        {
            return string.Join(' ', told);
        }
    }

    private static Task<V1Node> HeartbeatAsync(KubernetesApi client, string name, DateTime at) => client.CoreV1.PatchNodeStatusAsync(
        new V1Patch(new { status = new { conditions = new[] { new { type = "Ready", status = "True", reason = "KubeletReady", message = "It is.", lastHeartbeatTime = at, lastTransitionTime = Then } } } }, V1Patch.PatchType.MergePatch),
        name);

    private static Task<V1Node> LabelAsync(KubernetesApi client, string name, string step) => client.CoreV1.PatchNodeAsync(
        new V1Patch(new { metadata = new { labels = new { step } } }, V1Patch.PatchType.MergePatch), name);
}
