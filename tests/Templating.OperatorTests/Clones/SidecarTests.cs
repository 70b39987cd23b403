using k8s;
using k8s.Models;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.OperatorTests.Harness;

namespace Templating.OperatorTests.Clones;

/// <summary>A webhook put another container into the pod, which runs on when the VM ended: the VM's end is what counts.</summary>
public sealed class SidecarTests : ByHandTests
{
    [Fact]
    public async Task AVMThatPoweredOffFinishesItsCloneAndItsPodEndsButStaysForItsLog()
    {
        var pod = await StartCloneAsync("one");
        await Space.Kubelet.EndVmBesideASidecarAsync(pod, 0, "Completed");

        var clone = await ReconcileCloneAsync("one");
        Condition(clone, "Finished").ShouldBe(("True", "GuestPoweredOff"));
        await ReconcileCloneAsync("one");
        (await Space.PodsAsync()).ShouldHaveSingleItem().Spec.ActiveDeadlineSeconds.ShouldBeNull("it may end by itself first");

        Operator.Time.Advance(TimeSpan.FromSeconds(11));
        await ReconcileCloneAsync("one");

        var left = (await Space.PodsAsync()).ShouldHaveSingleItem();
        left.Spec.ActiveDeadlineSeconds.ShouldBe(1);
        left.Metadata.DeletionTimestamp.ShouldBeNull();

        // What the kubelet makes of the deadline changes nothing of what was told.
        await Space.Client.CoreV1.PatchNamespacedPodStatusAsync(
            new V1Patch("""{"status":{"phase":"Failed","reason":"DeadlineExceeded"}}""", V1Patch.PatchType.MergePatch), pod, Space.Name);
        Condition(await ReconcileCloneAsync("one"), "Finished").ShouldBe(("True", "GuestPoweredOff"));
    }

    [Fact]
    public async Task AVMThatFailedIsRemadeAndItsPodGoes()
    {
        var pod = await StartCloneAsync("one", new VMCloneSpec { Template = TestSpace.Template, RestartPolicy = "OnFailure" });
        await Space.Kubelet.EndVmBesideASidecarAsync(pod, 1, "Error", "the guest's kernel panicked");

        var clone = await ReconcileCloneAsync("one");

        clone.Status!.Restarts.ShouldBe(1);
        clone.Status.Conditions!.Single(c => c.Type == "Ready").Message.ShouldContain("GuestPanicked");
        (await Space.PodsAsync()).ShouldAllBe(p => p.Metadata.DeletionTimestamp != null);
    }

    [Fact]
    public async Task AWaitingVMThatEndedIsNotTakenAndIsReplaced()
    {
        await FillPoolAsync(1);
        var ended = (await Space.PodsAsync()).Single().Metadata.Name;
        await Space.Kubelet.EndVmBesideASidecarAsync(ended, 137, "Error");

        await Space.CreateCloneAsync("one", new VMCloneSpec { Pool = "pool" });
        var clone = await ReconcileCloneAsync("one");
        clone.Status!.PodName.ShouldNotBe(ended);
        await ReconcilePoolAsync();

        Operator.Events.Told.ShouldContain(e => e.Reason == Reasons.MemberFailed);
        (await Space.PodsAsync()).Single(p => p.Metadata.Name == ended).Metadata.DeletionTimestamp.ShouldNotBeNull();
    }

    [Fact]
    public async Task AUsedVMThatEndedIsNoLongerCountedAsClaimed()
    {
        await FillPoolAsync(1);
        await StartWarmAsync("one");
        var pool = await ReconcilePoolAsync();
        pool.Status!.ClaimedReplicas.ShouldBe(1);
        await Space.Kubelet.EndVmBesideASidecarAsync((await Space.CloneAsync("one")).Status!.PodName!, 0);

        pool = await ReconcilePoolAsync();

        pool.Status!.ClaimedReplicas.ShouldBe(0);
    }

    [Fact]
    public async Task AtItsShutdownTimeASidecarThatTakesItsTimeHoldsNothingUp()
    {
        var pod = await StartCloneAsync("one", new VMCloneSpec { Template = TestSpace.Template, ShutdownTime = Operator.Time.GetUtcNow().UtcDateTime.AddMinutes(5) });
        Operator.Time.Advance(TimeSpan.FromMinutes(6));
        Condition(await ReconcileCloneAsync("one"), "Ready").ShouldBe(("False", "ShuttingDown"));
        await Space.Kubelet.EndVmBesideASidecarAsync(pod, 0, "Completed");

        Condition(await ReconcileCloneAsync("one"), "Finished").ShouldBe(("True", "ShutdownTime"));
        (await Space.PodsAsync()).ShouldHaveSingleItem().Metadata.DeletionTimestamp.ShouldNotBeNull();
    }

    private async Task StartWarmAsync(string name)
    {
        await Space.CreateCloneAsync(name, new VMCloneSpec { Pool = "pool" });
        Condition(await ReconcileCloneAsync(name), "Ready").Status.ShouldBe("True");
    }
}
