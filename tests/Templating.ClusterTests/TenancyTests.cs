using k8s.Models;

namespace Templating.ClusterTests;

/// <summary>Namespaces are tenants: none gets at another's template. Hand-written VM pods.</summary>
[Collection(ClusterCollection.Name)]
public sealed class TenancyTests(ClusterFixture cluster)
{
    private readonly Tenant _tenant = cluster.Tenant;

    [Fact]
    public async Task APodOfAnotherNamespaceThatNamesTheTemplateIsRefusedAndItsEventsSaySo()
    {
        await using var stranger = await Tenant.CreateAsync("stranger");
        await Kubectl.ApplyAsync(HandWritten.Pod("thief", stranger.Name, ClusterFixture.Template));

        await Eventually.SeeAsync(
            async () => await Kubectl.RunAsync("get", "events", "-n", stranger.Name, "--field-selector", "involvedObject.name=thief"),
            events => events.Contains("FailedMount", StringComparison.Ordinal) && events.Contains(ClusterFixture.Template, StringComparison.Ordinal),
            "an event that refuses the volume");
        (await stranger.GetPodAsync("thief"))!.Status.Phase.ShouldBe("Pending");
    }

    [Fact]
    public async Task ACloneOfAnotherNamespacesTemplateIsNotAcceptedAsIfThereWereNone()
    {
        await using var stranger = await Tenant.CreateAsync("stranger");
        await Kubectl.ApplyAsync(stranger.Clone("thief", $"template: {ClusterFixture.Template}"));

        var clone = await Eventually.SeeAsync(
            () => stranger.GetCloneAsync("thief"), c => c.Status?.Conditions?.Any(x => x.Reason == Reasons.TemplateNotFound) is true, "a clone without a template");
        clone.IsReady().ShouldBeFalse();
        clone.Status!.PodName.ShouldBeNullOrEmpty();
    }

    [Fact]
    public async Task HandWrittenVmPodsOfADeploymentWorkWithoutAnyOfOurResourcesButTheTemplate()
    {
        await Kubectl.ApplyAsync(HandWritten.Deployment("byhand", _tenant.Name, ClusterFixture.Template, replicas: 2));
        var pods = await Eventually.SeeAsync(
            async () => (await Kubectl.PodsAsync(_tenant.Name, "app=byhand")).ToList(),
            list => list.Count == 2 && list.TrueForAll(IsReady), "two VM pods that are ready");

        var pages = new List<GuestPage>();
        foreach (var pod in pods)
        {
            pages.Add(await GuestPage.ReadAsync(pod.Status.PodIP, 8080));
        }

        pages.Select(p => p.MachineId).ShouldBeUnique();
        pages.Select(p => p.Hostname).ShouldBe(pods.Select(p => p.Metadata.Name));
        await Kubectl.DeleteAsync("deployment", _tenant.Name, "byhand");
        await Eventually.SeeAsync(
            async () => (await Kubectl.PodsAsync(_tenant.Name, "app=byhand")).ToList(), list => list.Count == 0, "no VM pod left");
    }

    private static bool IsReady(V1Pod pod) => pod.Status?.Conditions?.Any(c => c.Type == "Ready" && c.Status == "True") is true;
}
