using k8s;
using k8s.Autorest;
using k8s.Models;
using Templating.Kubernetes.Resources;
using Templating.OperatorTests.Harness;

namespace Templating.OperatorTests.Pools;

/// <summary>What keeps a pool from filling is told as long as it does.</summary>
public sealed class PoolRefusalTests : ByHandTests
{
    [Fact]
    public async Task AFullQuotaIsToldInTheServersWordsUntilItHasRoom()
    {
        await SetQuotaAsync(1);
        await Space.CreatePoolAsync("pool", 3);
        await ReconcilePoolAsync();
        // The one that was made is counted by the pass that sees it.
        var pool = await ReconcilePoolAsync();
        (await Space.PodsAsync()).Count.ShouldBe(1);

        // Passes within the pause, and refusals after it: each would have told something else.
        for (var pass = 0; pass < 6; pass++)
        {
            Condition(pool, "Progressing").ShouldBe(("False", "CreateFailed"));
            Condition(pool, "Ready").ShouldBe(("False", "CreateFailed"));
            Message(pool, "Progressing").ShouldContain("pods \"pool-*\" is forbidden: exceeded quota: team, requested: pods=1, used: pods=1, limited: pods=1");
            var before = pool.Metadata.ResourceVersion;
            Operator.Time.Advance(TimeSpan.FromSeconds(pass % 2 == 0 ? 0 : 40));
            pool = await ReconcilePoolAsync();
            pool.Metadata.ResourceVersion.ShouldBe(before);
        }

        Operator.Events.Told.Count(e => e.Reason == "CreateFailed").ShouldBe(1);
        await SetQuotaAsync(3);
        Operator.Time.Advance(TimeSpan.FromMinutes(5));
        pool = await ReconcilePoolAsync();
        Condition(pool, "Progressing").ShouldBe(("True", "MembersChanging"));
        Condition(pool, "Ready").ShouldBe(("False", "Filling"));
        (await Space.PodsAsync()).Count.ShouldBe(3);
    }

    [Fact]
    public async Task AMemberThatFailedIsNamedThroughThePauseAndNoLonger()
    {
        await FillPoolAsync(1);
        var failed = (await Space.PodsAsync()).Single().Metadata.Name;
        await Space.Kubelet.EndAsync(failed, 1, "Error", "no room");
        await ReconcilePoolAsync();
        await Space.Kubelet.RemoveAsync(failed);
        for (var pass = 0; pass < 3; pass++)
        {
            var pool = await ReconcilePoolAsync();
            Condition(pool, "Progressing").ShouldBe(("False", "Backoff"));
            Message(pool, "Ready").ShouldContain("no room");
        }

        Operator.Time.Advance(TimeSpan.FromSeconds(2));
        Condition(await ReconcilePoolAsync(), "Progressing").ShouldBe(("True", "MembersChanging"));
    }

    [Fact]
    public async Task ADeletionThatIsRefusedLeavesTheRestOfThePassAndItsStatusAlone()
    {
        await FillPoolAsync(2);
        var ended = (await Space.PodsAsync())[0].Metadata.Name;
        await Space.Kubelet.EndAsync(ended, 1, "Error", "no room");
        await using var policy = await RefusingWebhook.StartAsync(Space, "pods stay", "DELETE pods");
        await Should.ThrowAsync<HttpOperationException>(() => Operator.PoolAsync("pool"));
        Operator.Time.Advance(TimeSpan.FromSeconds(2));
        await Should.ThrowAsync<HttpOperationException>(() => Operator.PoolAsync("pool"));
        Operator.Time.Advance(TimeSpan.FromSeconds(4));

        var pool = await Space.PoolAsync("pool");
        Condition(pool, "Reconciled").ShouldBe(("False", "ApiRefused"));
        Message(pool, "Reconciled").ShouldContain($"DELETE of pods '{ended}' (403)");
        pool.Status!.ReadyReplicas.ShouldBe(1);
        await policy.StopAsync();
        Condition(await ReconcilePoolAsync(), "Reconciled").Status.ShouldBe("none");
    }

    [Fact]
    public async Task WhatTheSchedulerSaysOfMembersIsSaidOfThePool()
    {
        await Space.CreatePoolAsync("pool", 3);
        await ReconcilePoolAsync();
        foreach (var pod in (await Space.PodsAsync()).OrderBy(p => p.Metadata.Name, StringComparer.Ordinal).Take(2))
        {
            await Space.Client.CoreV1.PatchNamespacedPodStatusAsync(
                new V1Patch(
                    """{"status":{"conditions":[{"type":"PodScheduled","status":"False","reason":"Unschedulable","message":"0/2 nodes are available: 2 Insufficient memory."}]}}""",
                    V1Patch.PatchType.MergePatch),
                pod.Metadata.Name, Space.Name);
        }

        var pool = await ReconcilePoolAsync();

        Condition(pool, "Ready").ShouldBe(("False", "Unschedulable"));
        Message(pool, "Ready").ShouldBe("0 of 3 VMs wait: 2 of 3: 0/2 nodes are available: 2 Insufficient memory.");
        (pool.Status!.Replicas, pool.Status.ReadyReplicas, pool.Status.StartingReplicas).ShouldBe((3, 0, 3));
        Operator.Events.Told.Count(e => e.Reason == "Unschedulable").ShouldBe(1);
    }

    /// <summary>No controller counts here, so what is used is written by hand, too.</summary>
    private async Task SetQuotaAsync(int pods)
    {
        var used = (await Space.PodsAsync()).Count;
        if (used == 0)
        {
            await Space.Client.CoreV1.CreateNamespacedResourceQuotaAsync(
                new V1ResourceQuota { Metadata = new V1ObjectMeta { Name = "team" }, Spec = new V1ResourceQuotaSpec { Hard = Pods(pods) } }, Space.Name);
        }

        await Space.Client.CoreV1.PatchNamespacedResourceQuotaStatusAsync(
            new V1Patch(
                KubernetesJson.Serialize(new { status = new V1ResourceQuotaStatus { Hard = Pods(pods), Used = Pods(used) } }), V1Patch.PatchType.MergePatch),
            "team", Space.Name);

        // The admission plugin hears of it by a watch.
        await Templating.Testing.Eventually.UntilAsync(() => IsInForceAsync(room: pods > used + 1), "the quota is in force");
    }

    /// <summary>Asks for one more pod than there may be just now, for nothing.</summary>
    private async Task<bool> IsInForceAsync(bool room)
    {
        try
        {
            await Space.Client.CoreV1.CreateNamespacedPodAsync(
                new V1Pod { Metadata = new V1ObjectMeta { GenerateName = "probe-" }, Spec = new V1PodSpec { Containers = [new V1Container { Name = "x", Image = "x" }] } },
                Space.Name, dryRun: "All");
            return room || (await Space.PodsAsync()).Count == 0;
        }
        catch (HttpOperationException refusal) when (refusal.Response.StatusCode == System.Net.HttpStatusCode.Forbidden)
        {
            return !room;
        }
    }

    private static Dictionary<string, ResourceQuantity> Pods(int count) =>
        new(StringComparer.Ordinal) { ["pods"] = new ResourceQuantity(count.ToString(System.Globalization.CultureInfo.InvariantCulture)) };

    private static string Message(VMPool pool, string type) => pool.Status!.Conditions!.Single(c => c.Type == type).Message;
}
