namespace Templating.ClusterTests;

/// <summary>VMs that wait.</summary>
[Collection(ClusterCollection.Name)]
public sealed class PoolTests(ClusterFixture cluster)
{
    private readonly Tenant _tenant = cluster.Tenant;

    [Fact]
    public async Task APoolScalesAndAWaitingOneGoesBeforeAUsedOne()
    {
        await Kubectl.ApplyAsync(_tenant.Pool("scaled", ClusterFixture.Template, 1));
        await _tenant.PoolReadyAsync("scaled", 1);
        await Kubectl.ApplyAsync(_tenant.Clone("scaled-user", "pool: scaled"));
        (await _tenant.CloneReadyAsync("scaled-user")).Status!.Start.ShouldBe("Warm");
        await _tenant.PoolReadyAsync("scaled", 1);

        await Kubectl.RunAsync("scale", "vmpool/scaled", "-n", _tenant.Name, "--replicas=2");
        await _tenant.PoolReadyAsync("scaled", 2);
        await Kubectl.RunAsync("scale", "vmpool/scaled", "-n", _tenant.Name, "--replicas=0");
        var empty = await _tenant.PoolReadyAsync("scaled", 0);

        empty.Status!.ClaimedReplicas.ShouldBe(1);
        (await _tenant.GetCloneAsync("scaled-user"))!.IsReady().ShouldBeTrue();

        await Kubectl.DeleteAsync("vmpool", _tenant.Name, "scaled");
        await Eventually.GoneAsync(() => _tenant.GetPoolAsync("scaled"), "pool scaled");
        var survivor = (await _tenant.GetCloneAsync("scaled-user"))!;
        survivor.IsReady().ShouldBeTrue();
        (await _tenant.GetPodAsync(survivor.Status!.PodName!))!.Metadata.DeletionTimestamp.ShouldBeNull();
        await Kubectl.DeleteAsync("vmclone", _tenant.Name, "scaled-user");
    }

    [Fact]
    public async Task APoolRollsToANewRevisionAndTheUsedOneKeepsIts()
    {
        await Kubectl.ApplyAsync(_tenant.Template("rolled"));
        var nodes = await ClusterFixture.NodesAsync();
        var first = (await _tenant.TemplateReadyAsync("rolled", nodes)).Status!.Revision!;
        await Kubectl.ApplyAsync(_tenant.Pool("rolling", "rolled", 1));
        await _tenant.PoolReadyAsync("rolling", 1);
        await Kubectl.ApplyAsync(_tenant.Clone("rolling-user", "pool: rolling"));
        await _tenant.CloneReadyAsync("rolling-user");

        await Kubectl.ApplyAsync(_tenant.Template("rolled", commandLine: "templating.example=second"));
        var second = (await _tenant.TemplateReadyAsync("rolled", nodes)).Status!.Revision!;
        await Eventually.SeeAsync(
            () => _tenant.GetPoolAsync("rolling"), p => p.Status is { ReadyReplicas: 1, UpdatedReplicas: 1 } s && s.Revision == second, "the pool at the new revision");
        await Eventually.SeeAsync(
            async () => (await Kubectl.PodsAsync(_tenant.Name, $"{Keys.PoolLabel}=rolling,!{Keys.CloneLabel}")).ToList(),
            pods => pods.Count == 1 && pods.TrueForAll(p => p.Metadata.Labels[Keys.RevisionLabel] == second), "only new ones that wait");

        var user = (await _tenant.GetCloneAsync("rolling-user"))!;
        user.IsReady().ShouldBeTrue();
        user.Status!.Revision.ShouldBe(first);
        await Kubectl.DeleteAsync("vmclone", _tenant.Name, "rolling-user");
        await Kubectl.DeleteAsync("vmpool", _tenant.Name, "rolling");
        await Kubectl.DeleteAsync("vmtemplate", _tenant.Name, "rolled");
    }

    [Fact]
    public async Task ManyClaimsAtOnceGetEachAVmOfItsOwn()
    {
        await Kubectl.ApplyAsync(_tenant.Pool("crowd", ClusterFixture.Template, 2));
        await _tenant.PoolReadyAsync("crowd", 2);
        string[] names = ["crowd-a", "crowd-b", "crowd-c", "crowd-d"];
        await Kubectl.ApplyAsync(string.Join("\n---\n", names.Select(n => _tenant.Clone(n, "pool: crowd"))));

        var clones = new List<VMClone>();
        foreach (var name in names)
        {
            clones.Add(await _tenant.CloneReadyAsync(name));
        }

        clones.Select(c => c.Status!.PodUid).ShouldBeUnique();
        clones.Select(c => c.Status!.MachineId).ShouldBeUnique();
        clones.Select(c => c.Status!.Start).ShouldContain("Warm");
        await Kubectl.DeleteAsync("vmpool", _tenant.Name, "crowd");
        foreach (var name in names)
        {
            await Kubectl.DeleteAsync("vmclone", _tenant.Name, name);
        }
    }
}
