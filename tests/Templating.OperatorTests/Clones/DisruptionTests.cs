using k8s;
using k8s.Models;
using Templating.OperatorTests.Harness;

namespace Templating.OperatorTests.Clones;

/// <summary>Pods that the cluster takes away, and what it says why.</summary>
public sealed class DisruptionTests : ByHandTests
{
    [Theory]
    [InlineData("PreemptionByScheduler", "Preempted")]
    [InlineData("EvictionByEvictionAPI", "Evicted")]
    [InlineData("DeletionByTaintManager", "Evicted")]
    [InlineData("DeletionByPodGC", "NodeLost")]
    [InlineData("SomethingNew", "Evicted")]
    public async Task WhyAPodWasTakenAwayIsToldWhileItGoesAndWhenItIsGone(string told, string reason)
    {
        var pod = await StartCloneAsync("one");
        await Space.Kubelet.MarkDisruptedAsync(pod, told, "as the cluster says");
        await Space.Client.CoreV1.DeleteNamespacedPodAsync(pod, Space.Name);

        Condition(await ReconcileCloneAsync("one"), "Ready").ShouldBe(("False", reason));
        await Space.Kubelet.RemoveAsync(pod);
        var clone = await ReconcileCloneAsync("one");

        Condition(clone, "Finished").ShouldBe(("True", reason));
        clone.Status!.Conditions!.Single(c => c.Type == "Finished").Message.ShouldContain("as the cluster says");
    }

    [Fact]
    public async Task APodThatWentBetweenTwoLooksIsRemembered()
    {
        var pod = await StartCloneAsync("one");
        await Space.Kubelet.MarkDisruptedAsync(pod, "PreemptionByScheduler", "urgent was here");
        await Space.Kubelet.RemoveAsync(pod);

        Condition(await ReconcileCloneAsync("one"), "Finished").ShouldBe(("True", "Preempted"));
    }

    [Fact]
    public async Task WhatWasSaidIsFoundByTheNextOperatorInTheStatus()
    {
        var pod = await StartCloneAsync("one");
        await Space.Kubelet.MarkDisruptedAsync(pod, "EvictionByEvictionAPI", "drained");
        await Space.Client.CoreV1.DeleteNamespacedPodAsync(pod, Space.Name);
        await ReconcileCloneAsync("one");
        await Space.Kubelet.RemoveAsync(pod);

        await using var next = await OperatorByHand.StartAsync(Space);
        await next.CloneAsync("one");

        Condition(await Space.CloneAsync("one"), "Finished").ShouldBe(("True", "Evicted"));
    }

    [Fact]
    public async Task AnOldServersEventTellsOfAPreemption()
    {
        var name = await StartCloneAsync("one");
        var pod = await Space.Client.CoreV1.ReadNamespacedPodAsync(name, Space.Name);
        await Space.Client.CoreV1.CreateNamespacedEventAsync(
            new Corev1Event
            {
                Metadata = new V1ObjectMeta { Name = $"{name}.1" },
                InvolvedObject = new V1ObjectReference { Kind = "Pod", Name = name, NamespaceProperty = Space.Name, Uid = pod.Metadata.Uid },
                Type = "Normal",
                Reason = "Preempted",
                Message = "Preempted by default/urgent on node node-2",
            },
            Space.Name);
        await Space.Kubelet.RemoveAsync(name);

        var clone = await ReconcileCloneAsync("one");

        Condition(clone, "Finished").ShouldBe(("True", "Preempted"));
        clone.Status!.Conditions!.Single(c => c.Type == "Finished").Message.ShouldContain("default/urgent");
    }

    [Fact]
    public async Task ACordonedNodeIsNamedWhereNobodyTellsWhyAPodWasDeleted()
    {
        var pod = await StartCloneAsync("one");
        await Space.Client.CoreV1.PatchNodeAsync(new V1Patch("""{"spec":{"unschedulable":true}}""", V1Patch.PatchType.MergePatch), Space.Node(1).Name);
        await Space.Kubelet.RemoveAsync(pod);

        var clone = await ReconcileCloneAsync("one");

        Condition(clone, "Finished").ShouldBe(("True", "PodDeleted"));
        clone.Status!.Conditions!.Single(c => c.Type == "Finished").Message.ShouldContain("cordoned");
    }

    [Fact]
    public async Task AVMThatIsPreemptedIsRemadeOnFailure()
    {
        var pod = await StartCloneAsync("one", new() { Template = TestSpace.Template, RestartPolicy = "OnFailure" });
        await Space.Kubelet.MarkDisruptedAsync(pod, "PreemptionByScheduler", "urgent was here");
        await Space.Kubelet.RemoveAsync(pod);

        var clone = await ReconcileCloneAsync("one");

        clone.Status!.Restarts.ShouldBe(1);
        clone.Status.Conditions!.Single(c => c.Type == "Ready").Message.ShouldContain("Preempted");
    }
}
