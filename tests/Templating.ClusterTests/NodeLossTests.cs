using k8s.Models;

namespace Templating.ClusterTests;

/// <summary>A node goes for good. Last of all tests, since the cluster is smaller after it.</summary>
[Collection(ClusterCollection.Name)]
[Trait("Cluster", "local")]
[Trait("Order", "last")]
public sealed class NodeLossTests(ClusterFixture cluster)
{
    private readonly Tenant _tenant = cluster.Tenant;

    [Fact]
    public async Task ClonesOfALostNodeFailWithAReasonOrAreRemadeElsewhereAndNamespacesStillGo()
    {
        const string Lost = "node-2";
        await using var other = await Tenant.CreateAsync("leaving");
        await Kubectl.ApplyAsync(other.Template("gone"));
        await other.TemplateReadyAsync("gone", await ClusterFixture.NodesAsync());
        const string There = "  pod: {nodeSelector: {kubernetes.io/hostname: node-2}}";
        await Kubectl.ApplyAsync(_tenant.Clone("doomed", $"template: {ClusterFixture.Template}", There));
        await Kubectl.ApplyAsync(_tenant.Clone("moved", $"template: {ClusterFixture.Template}", "  restartPolicy: OnFailure"));
        await Kubectl.ApplyAsync(_tenant.Pool("left", ClusterFixture.Template, 2));
        (await _tenant.CloneReadyAsync("doomed")).Status!.NodeName.ShouldBe(Lost);
        await _tenant.CloneReadyAsync("moved");
        await _tenant.PoolReadyAsync("left", 2);

        await LocalCluster.ControlAsync("kill", "node", "2");

        var doomed = await _tenant.CloneFinishedAsync("doomed");
        doomed.Status!.Conditions.Find("Finished")!.Reason.ShouldBe(Reasons.NodeLost);
        var moved = await Eventually.SeeAsync(
            () => _tenant.GetCloneAsync("moved"), c => c.IsReady() && c.Status!.NodeName != Lost, "a clone on the node that is left");
        (await _tenant.ExecAsync(moved.Status!.PodName!, "hostname")).Trim().ShouldBe("moved");
        await _tenant.PoolReadyAsync("left", 2);

        // Files on the lost node cannot go; that must not hold the namespace.
        await Kubectl.RunAsync("delete", "namespace", other.Name, "--wait=false");
        await Eventually.GoneAsync(() => Kubectl.GetAsync<V1Namespace>("namespace", "default", other.Name), "the namespace");
    }
}
