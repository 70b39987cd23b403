using k8s;
using k8s.Models;
using Templating.Kubernetes.Resources;
using Templating.OperatorTests.Harness;

namespace Templating.OperatorTests.Pools;

public sealed class PoolAtRestTests : ByHandTests
{
    public static TheoryData<string, string> States => new()
    {
        { "full", "Full" },
        { "starting", "Filling" },
        { "no template", "TemplateNotFound" },
        { "template not ready", "TemplateNotReady" },
        { "invalid", "InvalidSpec" },
        { "refused", "CreateFailed" },
        { "webhook down", "CreateFailed" },
        { "deletion refused", "Full" },
        { "unschedulable", "Unschedulable" },
        { "member failed", "Backoff" },
    };

    [Theory]
    [MemberData(nameof(States))]
    public async Task NothingIsWrittenOrTold(string state, string reason)
    {
        await using var webhook = await PrepareAsync(state);
        await Operator.ShouldBeAtRestAsync(
            () => Operator.PoolAsync("pool"), () => Space.PoolAsync("pool"), isRefused: state == "deletion refused");
        Condition(await Space.PoolAsync("pool"), "Ready").Reason.ShouldBe(reason);
    }

    private async Task<RefusingWebhook?> PrepareAsync(string state)
    {
        switch (state)
        {
            case "full" or "deletion refused" or "member failed":
                await FillPoolAsync(2);
                break;
            default:
                await Space.CreatePoolAsync("pool", 2, spec =>
                {
                    spec.Template = state switch { "no template" => "none", "template not ready" => "late", _ => spec.Template };
                    spec.Pod = state == "invalid" ? new VMPodTemplate { Labels = new() { ["templating.dev/pool"] = "x" } } : null;
                });
                break;
        }

        switch (state)
        {
            case "template not ready":
                await Space.CreateTemplateAsync("late");
                break;
            case "refused":
                return await RefusingWebhook.StartAsync(Space, "no pods here", "CREATE pods");
            case "webhook down":
                return await RefusingWebhook.StartAsync(Space, null, "CREATE pods");
            case "deletion refused":
                await Space.PatchAsync<VMPool>("pool", new { spec = new { replicas = 1 } });
                return await RefusingWebhook.StartAsync(Space, "pods stay", "DELETE pods");
            case "unschedulable":
                await ReconcilePoolAsync();
                await RefuseNodesAsync();
                break;
            case "member failed":
                await FailLongAsync();
                break;
            default:
                break;
        }

        return null;
    }

    private async Task RefuseNodesAsync()
    {
        foreach (var pod in await Space.PodsAsync())
        {
            await Space.Client.CoreV1.PatchNamespacedPodStatusAsync(
                new V1Patch(
                    """{"status":{"conditions":[{"type":"PodScheduled","status":"False","reason":"Unschedulable","message":"0/2 nodes are available."}]}}""",
                    V1Patch.PatchType.MergePatch),
                pod.Metadata.Name, Space.Name);
        }
    }

    /// <summary>Often enough for a pause that outlasts the test's passes.</summary>
    private async Task FailLongAsync()
    {
        for (var times = 0; times < 5; times++)
        {
            var member = (await Space.PodsAsync())[0].Metadata.Name;
            await Space.Kubelet.EndAsync(member, 1, "Error", "no room");
            await ReconcilePoolAsync();
            await Space.Kubelet.RemoveAsync(member);
            if (times < 4)
            {
                Operator.Time.Advance(TimeSpan.FromSeconds(1 << times) + TimeSpan.FromMilliseconds(1));
                await ReconcilePoolAsync();
                await Space.StartPodsAsync();
            }
        }
    }
}
