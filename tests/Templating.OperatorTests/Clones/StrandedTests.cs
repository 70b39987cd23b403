using Templating.Kubernetes;
using Templating.OperatorTests.Harness;

namespace Templating.OperatorTests.Clones;

/// <summary>VM pods on a node whose daemon has gone.</summary>
public sealed class StrandedTests : ByHandTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(31);

    [Fact]
    public async Task APodThatDoesNotStartThereIsToldAndMadeAgain()
    {
        var (name, uid) = await StrandAsync();
        var clone = await ReconcileCloneAsync("one");
        Condition(clone, "Restored").ShouldBe(("False", Reasons.NodeUnavailable));
        Condition(clone, "Ready").ShouldBe(("False", Reasons.NodeUnavailable));
        clone.Status!.Conditions!.Single(c => c.Type == "Restored").Message.ShouldContain("No daemon runs on node");
        clone.Status.PodUid.ShouldBe(uid);

        Operator.Time.Advance(Patience);
        clone = await ReconcileCloneAsync("one");
        (await Space.PodsAsync()).ShouldBeEmpty();
        Condition(clone, "Scheduled").ShouldBe(("False", Reasons.NodeUnavailable));
        Condition(clone, "Finished").Status.ShouldBe("none");
        await ReconcileCloneAsync("one");

        var again = (await Space.PodsAsync()).ShouldHaveSingleItem();
        again.Metadata.Name.ShouldBe(name);
        again.Metadata.Uid.ShouldNotBe(uid);
        (await Space.CloneAsync("one")).Status!.Restarts.ShouldBeNull("nothing ran that could be restarted");
        Operator.Events.Told.Count(e => e.Reason == Reasons.NodeUnavailable).ShouldBe(1);
    }

    [Fact]
    public async Task ItIsNotMadeAgainWhileItWouldBePutThereAgain()
    {
        var (_, uid) = await StrandAsync();
        var label = Keys.NodeLabel(Space.Name, TestSpace.Template);
        await Space.SetNodeLabelAsync(1, label, Revisions.Of((await Space.GetAsync<Kubernetes.Resources.VMTemplate>(TestSpace.Template))!.Spec));
        await ReconcileCloneAsync("one");
        Operator.Time.Advance(Patience);
        await ReconcileCloneAsync("one");
        (await Space.PodsAsync()).ShouldHaveSingleItem().Metadata.Uid.ShouldBe(uid);

        await Space.SetNodeLabelAsync(1, label, null);
        await ReconcileCloneAsync("one");

        (await Space.PodsAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task AVMThatRunsIsLeftAlone()
    {
        var pod = await StartCloneAsync("one");
        await Space.RemoveDaemonAsync(1);
        await ReconcileCloneAsync("one");
        Operator.Time.Advance(Patience);

        var clone = await ReconcileCloneAsync("one");

        Condition(clone, "Ready").Status.ShouldBe("True");
        (await Space.PodsAsync()).ShouldHaveSingleItem().Metadata.Name.ShouldBe(pod);
    }

    [Fact]
    public async Task ADaemonThatComesBackInTimeStartsIt()
    {
        var (_, uid) = await StrandAsync();
        await ReconcileCloneAsync("one");
        Operator.Time.Advance(TimeSpan.FromSeconds(20));
        await Space.AddDaemonAsync(1);

        var clone = await ReconcileCloneAsync("one");

        Condition(clone, "Restored").ShouldBe(("False", Reasons.Starting));
        (await Space.PodsAsync()).ShouldHaveSingleItem().Metadata.Uid.ShouldBe(uid);
    }

    [Fact]
    public async Task APodThatCannotGoThereIsToldAndItsVMsEndIsCountedAtOnce()
    {
        var pod = await StartCloneAsync("one");
        await Space.RemoveDaemonAsync(1);
        await k8s.CoreV1OperationsExtensions.DeleteNamespacedPodAsync(Space.Client.CoreV1, pod, Space.Name);
        var clone = await ReconcileCloneAsync("one");
        Condition(clone, "Ready").ShouldBe(("False", Reasons.PodTerminating));
        clone.Status!.Conditions!.Single(c => c.Type == "Ready").Message.ShouldContain("No daemon runs on node");

        await Space.Kubelet.EndAsync(pod, 0, "Completed");

        Condition(await ReconcileCloneAsync("one"), "Finished").ShouldBe(("True", Reasons.PodDeleted));
        (await Space.PodsAsync()).ShouldHaveSingleItem("its volume is still there");
    }

    /// <summary>A VMClone whose pod was put on the node, and whose volume does not come.</summary>
    private async Task<(string Name, string Uid)> StrandAsync()
    {
        await Space.CreateCloneAsync("one");
        await ReconcileCloneAsync("one");
        var pod = (await Space.PodsAsync()).Single();
        await Space.Kubelet.StrandAsync(pod.Metadata.Name, Space.Node(1).Name);
        await Space.RemoveDaemonAsync(1);
        return (pod.Metadata.Name, pod.Metadata.Uid);
    }
}
