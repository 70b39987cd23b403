using k8s;
using k8s.Models;
using Templating.Kubernetes.Resources;
using Templating.OperatorTests.Harness;

namespace Templating.OperatorTests.Clones;

public sealed class CloneAtRestTests : ByHandTests
{
    public static TheoryData<string, string> States => new()
    {
        { "ready", "Ready" },
        { "waits for a node", "Scheduling" },
        { "unschedulable", "Unschedulable" },
        { "starting", "Starting" },
        { "no template", "TemplateNotFound" },
        { "no pool", "PoolNotFound" },
        { "invalid", "InvalidSpec" },
        { "no secret", "InputMissing" },
        { "pod refused", "PodRefused" },
        { "pod and claim refused", "PodRefused" },
        { "webhook down", "PodRefused" },
        { "claim refused", "Ready" },
        { "deletion refused", "ApiRefused" },
        { "pod is being deleted", "PodTerminating" },
        { "finished", "GuestPoweredOff" },
    };

    [Theory]
    [MemberData(nameof(States))]
    public async Task NothingIsWrittenOrTold(string state, string reason)
    {
        await using var webhook = await PrepareAsync(state);
        await Operator.ShouldBeAtRestAsync(
            () => Operator.CloneAsync("one"), () => Space.CloneAsync("one"), isRefused: state == "deletion refused");
        Condition(await Space.CloneAsync("one"), "Ready").Reason.ShouldBe(reason);
    }

    private async Task<RefusingWebhook?> PrepareAsync(string state)
    {
        switch (state)
        {
            case "ready":
                await StartCloneAsync("one");
                break;
            case "pod is being deleted":
                await Space.Client.CoreV1.DeleteNamespacedPodAsync(await StartCloneAsync("one"), Space.Name);
                break;
            case "finished":
                await Space.Kubelet.EndAsync(await StartCloneAsync("one"), 0);
                break;
            case "deletion refused":
                await StartCloneAsync("one", new VMCloneSpec { Template = TestSpace.Template, ShutdownTime = Operator.Time.GetUtcNow().UtcDateTime.AddSeconds(5) });
                Operator.Time.Advance(TimeSpan.FromSeconds(6));
                return await RefusingWebhook.StartAsync(Space, "pods stay", "DELETE pods");
            case "claim refused" or "pod and claim refused":
                return await PrepareRefusedClaimAsync(state == "claim refused");
            case "unschedulable" or "starting":
                await Space.CreateCloneAsync("one");
                await ReconcileCloneAsync("one");
                await MarkPodAsync(state == "starting");
                break;
            default:
                await Space.CreateCloneAsync("one", Spec(state));
                return state switch
                {
                    "pod refused" => await RefusingWebhook.StartAsync(Space, "no pods here", "CREATE pods"),
                    "webhook down" => await RefusingWebhook.StartAsync(Space, null, "CREATE pods"),
                    _ => null,
                };
        }

        return null;
    }

    private async Task<RefusingWebhook> PrepareRefusedClaimAsync(bool startsCold)
    {
        await FillPoolAsync(2);
        await Space.CreateCloneAsync("one", new VMCloneSpec { Pool = "pool" });
        string[] rules = startsCold ? ["UPDATE pods"] : ["UPDATE pods", "CREATE pods"];
        var webhook = await RefusingWebhook.StartAsync(Space, "no claims here", rules);
        if (startsCold)
        {
            await ReconcileCloneAsync("one");
            await Space.StartPodsAsync();
        }

        return webhook;
    }

    private async Task MarkPodAsync(bool starting)
    {
        var pod = (await Space.PodsAsync()).Single().Metadata.Name;
        if (starting)
        {
            // On its node, whose daemon has not heard of it.
            await Space.Kubelet.StartAsync(pod, Space.Node(1).Name);
            return;
        }

        await Space.Client.CoreV1.PatchNamespacedPodStatusAsync(
            new V1Patch(
                """{"status":{"conditions":[{"type":"PodScheduled","status":"False","reason":"Unschedulable","message":"0/2 nodes are available."}]}}""",
                V1Patch.PatchType.MergePatch),
            pod, Space.Name);
    }

    private static VMCloneSpec Spec(string state) => state switch
    {
        "no template" => new() { Template = "none" },
        "no pool" => new() { Pool = "none" },
        "invalid" => new() { Template = TestSpace.Template, Env = [new() { Name = "A" }, new() { Name = "A" }] },
        "no secret" => new() { Template = TestSpace.Template, Env = [new() { Name = "A", SecretKeyRef = new() { Name = "none", Key = "x" } }] },
        _ => new() { Template = TestSpace.Template },
    };
}
