using k8s.Models;

namespace Templating.ClusterTests;

/// <summary>Parts of the cluster fail; no clone is lost, none is given twice. On a cluster of eng/kube/up.sh only.</summary>
[Collection(ClusterCollection.Name)]
[Trait("Cluster", "local")]
public sealed class FaultTests(ClusterFixture cluster)
{
    private readonly Tenant _tenant = cluster.Tenant;

    [Fact]
    public async Task TheLeaderIsKilledAmidClaimsAndNoCloneIsLostAndNoneGivenTwice()
    {
        await Kubectl.ApplyAsync(_tenant.Pool("leaderless", ClusterFixture.Template, 2));
        await _tenant.PoolReadyAsync("leaderless", 2);
        string[] names = ["leaderless-a", "leaderless-b", "leaderless-c"];

        await Kubectl.ApplyAsync(string.Join("\n---\n", names.Select(n => _tenant.Clone(n, "pool: leaderless"))));
        await KillLeaderAsync();

        var clones = new List<VMClone>();
        foreach (var name in names)
        {
            clones.Add(await _tenant.CloneReadyAsync(name));
        }

        clones.Select(c => c.Status!.PodUid).ShouldBeUnique();
        clones.Select(c => c.Status!.MachineId).ShouldBeUnique();
        foreach (var clone in clones)
        {
            (await _tenant.ExecAsync(clone.Status!.PodName!, "hostname")).Trim().ShouldBe(clone.Metadata.Name);
        }

        await CleanAsync("leaderless", names);
    }

    [Fact]
    public async Task TheApiServerIsRestartedAndItsHistoryCompactedWhileClonesStart()
    {
        await Kubectl.ApplyAsync(_tenant.Pool("restless", ClusterFixture.Template, 1));
        await _tenant.PoolReadyAsync("restless", 1);
        string[] names = ["restless-a", "restless-b"];
        await Kubectl.ApplyAsync(string.Join("\n---\n", names.Select(n => _tenant.Clone(n, "pool: restless"))));

        await LocalCluster.CompactAsync();
        await LocalCluster.ControlAsync("restart", "apiserver");

        foreach (var name in names)
        {
            await _tenant.CloneReadyAsync(name);
        }

        await _tenant.PoolReadyAsync("restless", 1);
        await CleanAsync("restless", names);
    }

    [Fact]
    public async Task ANodeDaemonIsRestartedWhilePodsStartAndRunningOnesLiveOn()
    {
        await Kubectl.ApplyAsync(_tenant.Clone("before", $"template: {ClusterFixture.Template}", "  ports: [{guestPort: 80, port: 8080}]"));
        var before = await _tenant.CloneReadyAsync("before");

        string[] names = ["during-a", "during-b", "during-c"];
        await Kubectl.ApplyAsync(string.Join("\n---\n", names.Select(n => _tenant.Clone(n, $"template: {ClusterFixture.Template}"))));
        await Kubectl.RunAsync("delete", "pod", "-n", Settings.System, "-l", InstallationLabels.NodeSelector, "--wait=false", "--grace-period=1");

        foreach (var name in names)
        {
            await _tenant.CloneReadyAsync(name);
        }

        (await Tenant.PageAsync(before)).MachineId.ShouldBe(before.Status!.MachineId);
        (await _tenant.GetCloneAsync("before"))!.Status!.Restarts.GetValueOrDefault().ShouldBe(0);
        await CleanAsync(null, ["before", .. names]);
    }

    [Fact]
    public async Task KubeletAndContainerdAreRestartedAndRunningVmPodsLiveOn()
    {
        await Kubectl.ApplyAsync(_tenant.Clone("steady", $"template: {ClusterFixture.Template}", "  ports: [{guestPort: 80, port: 8080}]"));
        var steady = await _tenant.CloneReadyAsync("steady");
        var node = int.Parse(steady.Status!.NodeName!.Split('-')[^1], System.Globalization.CultureInfo.InvariantCulture);
        var boot = (await Tenant.PageAsync(steady)).BootId;

        await LocalCluster.ControlAsync("restart", "containerd", $"{node}");
        await LocalCluster.ControlAsync("restart", "kubelet", $"{node}");

        // A clone that starts there tells that the node works again.
        await Kubectl.ApplyAsync(_tenant.Clone("next", $"template: {ClusterFixture.Template}", $$"""
              pod: {nodeSelector: {kubernetes.io/hostname: "{{steady.Status.NodeName}}" } }
            """));
        await _tenant.CloneReadyAsync("next");
        (await Tenant.PageAsync(steady)).BootId.ShouldBe(boot);
        var after = (await _tenant.GetCloneAsync("steady"))!;
        after.IsReady().ShouldBeTrue();
        after.Status!.PodUid.ShouldBe(steady.Status.PodUid);
        await CleanAsync(null, ["steady", "next"]);
    }

    private async Task CleanAsync(string? pool, string[] clones)
    {
        if (pool is not null)
        {
            await Kubectl.DeleteAsync("vmpool", _tenant.Name, pool);
        }

        foreach (var clone in clones)
        {
            await Kubectl.DeleteAsync("vmclone", _tenant.Name, clone);
        }
    }

    /// <summary>SIGKILL to the process that holds the Lease.</summary>
    private static async Task KillLeaderAsync()
    {
        var lease = await Kubectl.GetAsync<V1Lease>("lease", Settings.System, "templating-operator");
        var holder = lease?.Spec?.HolderIdentity ?? throw new InvalidOperationException("Nobody leads.");
        var pods = await Kubectl.PodsAsync(Settings.System, InstallationLabels.OperatorSelector);
        var leader = pods.Single(p => holder.StartsWith(p.Metadata.Name, StringComparison.Ordinal));
        var node = int.Parse(leader.Spec.NodeName.Split('-')[^1], System.Globalization.CultureInfo.InvariantCulture);
        var container = leader.Status.ContainerStatuses[0].ContainerID["containerd://".Length..];
        await LocalCluster.InNodeAsync(node, "ctr", "-n", "k8s.io", "task", "kill", "-s", "SIGKILL", container);
    }
}
