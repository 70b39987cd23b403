using k8s.Models;
using Microsoft.Extensions.Options;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.Operator.Nodes;
using Templating.Operator.Pods;
using Templating.OperatorTests.Harness;
using Templating.V1;
using NodeInfo = Templating.V1.Node;

namespace Templating.OperatorTests.Pools;

public sealed class WaitingVmsTests
{
    private readonly KeptObjects<V1Pod> _pods = new(VmIndexers.Pods);
    private readonly KeptObjects<V1Node> _nodes = new();
    private readonly ToldNodes _told = new();
    private readonly WaitingVms _waiting;

    private readonly VMPool _pool = new()
    {
        Metadata = new V1ObjectMeta { Name = "web", NamespaceProperty = "ns", Uid = "pool" },
        Spec = new VMPoolSpec { Template = "t" },
        Status = new VMPoolStatus { Revision = "r2", Selector = "" },
    };

    public WaitingVmsTests()
    {
        _waiting = new WaitingVms(_pods, _told, new NodeHealth(_nodes, Options.Create(new PodOptions()), TimeProvider.System));
        _nodes.Tell(NodeOf("True"));
    }

    [Fact]
    public void ThoseOfThePoolsRevisionAndSpecGoFirst()
    {
        _pool.Spec.Pod = new VMPodTemplate { PriorityClassName = "high" };
        var made = PodSpecs.Of(_pool.Spec.Pod);
        Tell("old", "r1", "before");
        Tell("old-of-spec", "r1", made);
        Tell("of-revision", "r2", "before");
        Tell("newest", "r2", made);

        Names().ShouldBe(["newest", "of-revision", "old-of-spec", "old"]);
    }

    [Fact]
    public void AmongEqualsNoneIsAlwaysTheFirst()
    {
        for (var i = 0; i < 8; i++)
        {
            Tell($"vm-{i}");
        }

        var first = Enumerable.Range(0, 200).Select(_ => Names()[0]).ToHashSet(StringComparer.Ordinal);

        first.Count.ShouldBeGreaterThan(1);
        Names().Order(StringComparer.Ordinal).ShouldBe(Enumerable.Range(0, 8).Select(i => $"vm-{i}"));
    }

    [Fact]
    public void WhoTakesTheFirstLooksAtNoOther()
    {
        for (var i = 0; i < 100; i++)
        {
            Tell($"vm-{i}");
        }

        _ = _waiting.Of(_pool).First();

        _told.Asked.ShouldBe(1);
    }

    [Fact]
    public void OneThatCannotBeTakenIsNotAmongThem()
    {
        Tell("waits");
        Tell("claimed", change: pod => pod.Metadata.Labels[Keys.CloneLabel] = "clone");
        Tell("goes", change: pod => pod.Metadata.DeletionTimestamp = DateTime.UnixEpoch);
        Tell("ended", change: pod => pod.Status.Phase = "Failed");
        Tell("of-another-pool", change: pod => pod.Metadata.OwnerReferences[0].Uid = "earlier");
        Tell("of-another-template", change: pod => pod.Metadata.Labels[Keys.TemplateLabel] = "other");
        Tell("unbound", change: pod => pod.Spec.NodeName = null);
        Tell("elsewhere", change: pod => pod.Spec.NodeName = "unknown");
        Tell("starts", state: PodState.Published);
        Tell("is-activated", state: PodState.Activating);

        Names().ShouldBe(["waits"]);
        _nodes.Tell(NodeOf("False"));
        Names().ShouldBeEmpty("their node is not well");
    }

    [Fact]
    public void APodIsOfItsPoolUntilItIsClaimedAndCountsAsClaimedUntilItEnds()
    {
        Tell("a");
        Counts().ShouldBe((1, 0));
        Tell("a", change: pod => pod.Metadata.Labels[Keys.CloneLabel] = "clone");
        Tell("b");
        Counts().ShouldBe((1, 1));
        Tell("b", change: pod => pod.Metadata.Labels[Keys.CloneLabel] = "clone");
        Counts().ShouldBe((0, 2));

        Tell("a", change: pod => (pod.Metadata.Labels[Keys.CloneLabel], pod.Status.Phase) = ("clone", "Succeeded"));
        Counts().ShouldBe((0, 1));
        _pods.TellGone(_pods.Get(new ObjectKey("ns", "b"))!);
        Counts().ShouldBe((0, 0));
    }

    private string[] Names() => [.. _waiting.Of(_pool).Select(pod => pod.Metadata.Name)];

    private (int Waiting, int Claimed) Counts() =>
        (_pods.Count(Indexes.Pool, "ns/web"), _pods.Count(Indexes.Claimed, "ns/web"));

    private void Tell(string name, string revision = "r2", string? made = null, PodState state = PodState.Waiting, Action<V1Pod>? change = null)
    {
        var pod = new V1Pod
        {
            Metadata = new V1ObjectMeta
            {
                Name = name,
                NamespaceProperty = "ns",
                Uid = name,
                Labels = new Dictionary<string, string> { [Keys.PoolLabel] = "web", [Keys.TemplateLabel] = "t", [Keys.RevisionLabel] = revision },
                Annotations = made is null ? null : new Dictionary<string, string> { [Keys.PodSpecAnnotation] = made },
                OwnerReferences = [new V1OwnerReference { Controller = true, Uid = "pool", Kind = VMPool.KubeKind, Name = "web", ApiVersion = Group.ApiVersion }],
            },
            Spec = new V1PodSpec { NodeName = "n" },
            Status = new V1PodStatus { Phase = "Running" },
        };
        change?.Invoke(pod);
        _pods.Tell(pod);
        _told.Pods[name] = new VmPod { PodUid = name, State = state };
    }

    private static V1Node NodeOf(string ready) => new()
    {
        Metadata = new V1ObjectMeta { Name = "n" },
        Status = new V1NodeStatus { Conditions = [new V1NodeCondition { Type = "Ready", Status = ready }] },
    };

    /// <summary>Stands for the connection to the daemon of node "n", and for what it told.</summary>
    private sealed class ToldNodes : INodeDirectory, INode
    {
        public Dictionary<string, VmPod> Pods { get; } = new(StringComparer.Ordinal);

        public int Asked { get; private set; }

        public string Name => "n";

        public bool Synced => true;

        public string? Problem => null;

        public NodeInfo? Info => null;

        public IReadOnlyCollection<INode> All => [this];

        IReadOnlyCollection<Template> INode.Templates => [];

        IReadOnlyCollection<VmPod> INode.Pods => Pods.Values;

        public INode? Find(string nodeName) => nodeName == "n" ? this : null;

        public VmPod? FindPod(string uid)
        {
            Asked++;
            return Pods.GetValueOrDefault(uid);
        }

        public Task<VmPod> ActivateAsync(ActivatePodRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<Template> CreateTemplateAsync(CreateTemplateRequest request, IProgress<CreateTemplateResponse>? progress, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task DeleteTemplateAsync(DeleteTemplateRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
