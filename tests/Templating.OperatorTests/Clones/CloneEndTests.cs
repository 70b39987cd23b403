using Grpc.Core;
using k8s;
using k8s.Models;
using Templating.Kubernetes.Resources;
using Templating.OperatorTests.Harness;
using Templating.Testing.Kubernetes;

namespace Templating.OperatorTests.Clones;

/// <summary>What becomes of a VMClone whose VM, pod, node or time ends.</summary>
public sealed class CloneEndTests : ByHandTests
{
    [Fact]
    public async Task AFailedVMIsRemadeAfterAPauseWithARequestIdOfItsOwn()
    {
        var pod = await StartCloneAsync("one", new VMCloneSpec { Template = TestSpace.Template, RestartPolicy = "OnFailure" });
        await Space.Kubelet.EndAsync(pod, 137, "OOMKilled");

        var result = await Operator.CloneAsync("one");
        result.RequeueAfter.ShouldNotBeNull();
        var clone = await Space.CloneAsync("one");
        clone.Status!.Restarts.ShouldBe(1);
        Condition(clone, "Ready").ShouldBe(("False", "Restarting"));
        await Space.Kubelet.RemoveAsync(pod);
        await ReconcileCloneAsync("one");
        (await Space.PodsAsync()).ShouldBeEmpty();

        Operator.Time.Advance(TimeSpan.FromSeconds(10));
        await ReconcileCloneAsync("one");
        await Space.StartPodsAsync();
        clone = await ReconcileCloneAsync("one");

        Condition(clone, "Ready").Status.ShouldBe("True");
        var requests = Space.Node(1).Activations.Select(a => a.Activation.RequestId).ToList();
        requests.Count.ShouldBe(2);
        requests.Distinct().Count().ShouldBe(2);
    }

    [Fact]
    public async Task APodThatIsDeletedByHandFinishesItsClone()
    {
        var pod = await StartCloneAsync("one");
        await Space.Kubelet.RemoveAsync(pod);

        var clone = await ReconcileCloneAsync("one");

        Condition(clone, "Finished").ShouldBe(("True", "PodDeleted"));
    }

    [Fact]
    public async Task ANodeThatIsGoneTakesItsClonesWithItAndThePodIsForgotten()
    {
        await StartCloneAsync("one");
        await Space.Client.CoreV1.DeleteNodeAsync(Space.Node(1).Name);

        var result = await Operator.CloneAsync("one");
        Condition(await Space.CloneAsync("one"), "Ready").ShouldBe(("Unknown", "NodeNotReady"));
        result.RequeueAfter.ShouldNotBeNull();
        Operator.Time.Advance(TimeSpan.FromSeconds(61));
        var clone = await ReconcileCloneAsync("one");

        Condition(clone, "Finished").ShouldBe(("True", "NodeLost"));
        (await Space.PodsAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task AtItsShutdownTimeThePodIsDeletedInOrder()
    {
        var pod = await StartCloneAsync("one", new VMCloneSpec
        {
            Template = TestSpace.Template,
            ShutdownTime = Operator.Time.GetUtcNow().UtcDateTime.AddMinutes(5),
            RestartPolicy = "Always",
        });
        Operator.Time.Advance(TimeSpan.FromMinutes(6));
        await ReconcileCloneAsync("one");
        (await Space.PodsAsync()).ShouldHaveSingleItem().Metadata.DeletionTimestamp.ShouldNotBeNull();
        await Space.Kubelet.RemoveAsync(pod);

        var clone = await ReconcileCloneAsync("one");

        Condition(clone, "Finished").ShouldBe(("True", "ShutdownTime"));
        (await Space.PodsAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task ANodeThatIsAwayIsAskedAgainWithTheSameRequestId()
    {
        await Space.CreateCloneAsync("one");
        await ReconcileCloneAsync("one");
        await Space.StartPodsAsync();
        Space.Node(1).BeforeActivation = _ => Space.Node(1).Activations.Count == 1
            ? throw NodeRefusals.Make(StatusCode.Unavailable, "POD_UNAVAILABLE", "The daemon restarts.")
            : Task.CompletedTask;

        var clone = await ReconcileCloneAsync("one");
        Condition(clone, "IdentityConfirmed").ShouldBe(("False", "NodeUnavailable"));
        clone = await ReconcileCloneAsync("one");

        Condition(clone, "Ready").Status.ShouldBe("True");
        Space.Node(1).Activations.Select(a => a.Activation.RequestId).ShouldBe([clone.Metadata.Uid, clone.Metadata.Uid]);
    }

    [Fact]
    public async Task ARefusedActivationFinishesTheClone()
    {
        await Space.CreateCloneAsync("one");
        await ReconcileCloneAsync("one");
        await Space.StartPodsAsync();
        Space.Node(1).BeforeActivation = _ => throw NodeRefusals.Make(StatusCode.Unavailable, "IDENTITY_NOT_CONFIRMED", "Not confirmed.");

        Condition(await ReconcileCloneAsync("one"), "Finished").ShouldBe(("True", "ActivationFailed"));
    }
}
