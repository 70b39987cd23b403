namespace Templating.ClusterTests;

/// <summary>Whatever of a pod, its node or its VM breaks: it comes back or says why, and nothing is left.</summary>
[Collection(RuntimeClassCollection.Name)]
[Trait("Cluster", "local")]
public sealed class RuntimeClassFaultTests(RuntimeClassFixture cluster)
{
    private const string Wait = "trap 'exit 0' TERM; while :; do sleep 1; done";

    [Fact]
    public async Task APodWhoseShimOrVmIsKilledIsStartedAgainAndNothingOfTheOldOneIsLeft()
    {
        var before = await PodOnNode.RemainsAsync(cluster.Nodes);
        await using (var pods = cluster.Pods())
        {
            await pods.ApplyAsync(Pod(pods, "shim", Wait) + "\n---\n" + Pod(pods, "machine", Wait));
            var shim = await pods.ReadyAsync("shim");
            var machine = await pods.ReadyAsync("machine");
            var machines = new[] { await PodOnNode.QemuAsync(shim), await PodOnNode.QemuAsync(machine) };
            var shims = new[] { await PodOnNode.ShimAsync(shim), await PodOnNode.ShimAsync(machine) };

            await PodOnNode.KillAsync(shim, shims[0]);
            await PodOnNode.KillAsync(machine, machines[1]);

            foreach (var (name, old) in new[] { ("shim", shim), ("machine", machine) })
            {
                await pods.SeeAsync(
                    name, p => p.Status.ContainerStatuses[0] is { Ready: true, RestartCount: > 0 } && p.Metadata.Uid == old.Metadata.Uid, "running again");
                (await pods.ExecAsync(name, "echo", "again")).Require().Output.ShouldBe("again\n");
            }

            foreach (var old in machines.Concat(shims))
            {
                (await PodOnNode.LivesAsync(shim, old)).ShouldBeFalse($"process {old} of a VM before");
            }
        }

        await NothingLeftAsync(before);
    }

    [Fact]
    public async Task PodsLiveThroughTheEndOfTheDaemonOfContainerdAndOfTheKubelet()
    {
        var before = await PodOnNode.RemainsAsync(cluster.Nodes);
        await using (var pods = cluster.Pods())
        {
            await pods.ApplyAsync(Pod(pods, "steady", Wait));
            var pod = await pods.ReadyAsync("steady");
            var boot = await BootAsync(pods);
            var node = PodOnNode.Number(pod);

            // Somebody starts it again: the kubelet, where the chart has brought it.
            await LocalCluster.InNodeAsync(node, "sh", "-c", "kill -9 $(pgrep -o -f '/templating serv[e]')");
            (await BootAsync(pods)).ShouldBe(boot);
            await pods.ApplyAsync(Pod(pods, "after-daemon", Wait));
            await pods.ReadyAsync("after-daemon");

            await LocalCluster.ControlAsync("restart", "containerd", $"{node}");
            (await BootAsync(pods)).ShouldBe(boot);
            await pods.ApplyAsync(Pod(pods, "after-containerd", Wait));
            await pods.ReadyAsync("after-containerd");

            await LocalCluster.ControlAsync("restart", "kubelet", $"{node}");
            (await BootAsync(pods)).ShouldBe(boot);
            await pods.ApplyAsync(Pod(pods, "after-kubelet", Wait));
            await pods.ReadyAsync("after-kubelet");

            (await pods.GetAsync("steady"))!.Status.ContainerStatuses[0].RestartCount.ShouldBe(0);
        }

        await NothingLeftAsync(before);
    }

    [Fact]
    public async Task PodsThatAreDeletedWhileTheyStartLeaveNothing()
    {
        var before = await PodOnNode.RemainsAsync(cluster.Nodes);
        await using (var pods = cluster.Pods())
        {
            string[] names = ["at-once", "scheduled", "preparing", "running"];
            await pods.ApplyAsync(string.Join("\n---\n", names.Select(n => Pod(pods, n, Wait))));
            await pods.DeleteAsync("at-once", "--wait=false");
            await pods.SeeAsync("scheduled", p => p.Spec.NodeName is not null, "on a node");
            await pods.DeleteAsync("scheduled", "--wait=false");
            await pods.SeeAsync("preparing", p => p.Status.Conditions?.Any(c => c.Type == "Initialized") is true, "being prepared");
            await pods.DeleteAsync("preparing", "--wait=false");
            await pods.SeeAsync("running", p => p.Status.ContainerStatuses?[0].State.Running is not null, "running");
            await pods.DeleteAsync("running", "--wait=false");
            foreach (var name in names)
            {
                await Eventually.GoneAsync(() => pods.GetAsync(name), $"pod {name}");
            }
        }

        await NothingLeftAsync(before);
    }

    [Fact]
    public async Task AContainerThatTakesMoreThanItsMemoryIsKilledAloneAndThePodSaysSo()
    {
        await using var pods = cluster.Pods();
        const string Take = "dd if=/dev/zero of=/dev/null bs=100M count=1";
        const string Limit = "resources: {limits: {memory: 32Mi} }";
        await pods.ApplyAsync(Pod(pods, "greedy", $"exec {Take}", $$"""
                - {name: parent, image: localhost/busybox:1, command: [sh, -c, "{{Take}}; exit 3"], {{Limit}} }
                - {name: modest, image: localhost/busybox:1, command: [sh, -c, "{{Wait}}"], {{Limit}} }
              restartPolicy: Never
            """, Limit));

        var pod = await pods.SeeAsync("greedy", p => p.Status.ContainerStatuses?.Count(c => c.State.Terminated is not null) == 2, "with two containers that ended");

        pod.Status.ContainerStatuses.Select(c => (c.Name, c.State.Terminated?.Reason, c.State.Terminated?.ExitCode)).ShouldBe(
            [("main", "OOMKilled", 137), ("parent", "OOMKilled", 3), ("modest", null, null)], ignoreOrder: true);
        pod.Status.ContainerStatuses.Single(c => c.Name == "modest").State.Running.ShouldNotBeNull();
    }

    [Fact]
    public async Task AVmThatIsOutOfMemoryEndsWhatTookItAndNoOtherPod()
    {
        await using var pods = cluster.Pods();
        // No limits: what is there is the VM's, enough for one of these and not for both.
        const string Take = "dd if=/dev/zero of=/dev/null bs=120M count=20";
        await pods.ApplyAsync(Pod(pods, "other", Wait) + "\n---\n" + Pod(pods, "whole", $"{Take} & {Take}; wait; exit 3", $$"""
                - {name: modest, image: localhost/busybox:1, command: [sh, -c, "{{Wait}}"]}
              restartPolicy: Never
            """));
        var other = await pods.ReadyAsync("other");
        var boot = await BootAsync(pods, "other");

        var pod = await pods.SeeAsync("whole", p => p.Status.ContainerStatuses?.Any(c => c.State.Terminated is not null) is true, "with a container that ended");

        pod.Status.ContainerStatuses.Select(c => (c.Name, c.State.Terminated?.Reason, c.State.Terminated?.ExitCode)).ShouldBe(
            [("main", "OOMKilled", 3), ("modest", null, null)], ignoreOrder: true);
        pod.Status.ContainerStatuses.Single(c => c.Name == "modest").State.Running.ShouldNotBeNull();
        (await BootAsync(pods, "other")).ShouldBe(boot);
        (await pods.GetAsync("other"))!.Status.ContainerStatuses[0].RestartCount.ShouldBe(other.Status.ContainerStatuses[0].RestartCount);
    }

    [Fact]
    public async Task TwentyPodsAtOnceAllRunAndAllGo()
    {
        var before = await PodOnNode.RemainsAsync(cluster.Nodes);
        await using (var pods = cluster.Pods())
        {
            var names = Enumerable.Range(1, 20).Select(n => $"n{n}").ToList();
            await pods.ApplyAsync(string.Join("\n---\n", names.Select(n => Pod(pods, n, Wait))));
            var boots = new HashSet<string>(StringComparer.Ordinal);
            foreach (var name in names)
            {
                await pods.ReadyAsync(name);
                boots.Add(await BootAsync(pods, name));
            }

            boots.Count.ShouldBe(names.Count);
        }

        await NothingLeftAsync(before);
    }

    private async Task NothingLeftAsync(string before) =>
        await Eventually.SeeAsync(async () => await PodOnNode.RemainsAsync(cluster.Nodes), now => now == before, $"the node as it was before:\n{before}");

    /// <summary>Of the VM: another one after it was started again.</summary>
    private static Task<string> BootAsync(PodBatch pods, string name = "steady") => Eventually.SeeAsync(
        async () => await pods.ExecAsync(name, "cat", "/proc/sys/kernel/random/boot_id") is { ExitCode: 0 } c ? c.Output : null, _ => true, $"exec into {name}");

    private static string Pod(PodBatch pods, string name, string script, string extra = "", string container = "") => $$"""
        apiVersion: v1
        kind: Pod
        metadata: {name: {{pods.Name(name)}} }
        spec:
          RUNTIME
          terminationGracePeriodSeconds: 5
          containers:
            - name: main
              image: localhost/busybox:1
              command: [sh, -c, "{{script}}"]
              {{container}}
        {{extra}}
        """;
}
