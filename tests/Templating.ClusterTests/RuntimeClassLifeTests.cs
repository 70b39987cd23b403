namespace Templating.ClusterTests;

/// <summary>Probes, hooks and ends of containers: the same with the node's own runtime and in a VM.</summary>
[Collection(RuntimeClassCollection.Name)]
[Trait("Cluster", "local")]
public sealed class RuntimeClassLifeTests(RuntimeClassFixture cluster)
{
    private const string Wait = "while :; do sleep 1; done";

    [Theory]
    [InlineData("")]
    [InlineData(RuntimeClassFixture.RuntimeClass)]
    public async Task ProbesStartAgainWhatIsDeadAndTakeOutWhatIsNotReady(string runtimeClass)
    {
        await using var pods = cluster.Pods(runtimeClass);
        const string Serve = "mkdir -p /tmp/www; touch /tmp/www/alive; httpd -p 8080 -h /tmp/www; trap 'exit 0' TERM; " + Wait;
        await pods.ApplyAsync(string.Join("\n---\n",
            Pod(pods, "live", Serve,
                "      readinessProbe: {httpGet: {path: /alive, port: 8080}, periodSeconds: 1, timeoutSeconds: 5}\n" +
                "      livenessProbe: {httpGet: {path: /alive, port: 8080}, periodSeconds: 1, failureThreshold: 10, timeoutSeconds: 5}"),
            Pod(pods, "dead", "trap 'exit 0' TERM; " + Wait, "      livenessProbe: {exec: {command: [test, -e, /shared/alive]}, periodSeconds: 1, failureThreshold: 1, timeoutSeconds: 10}"),
            Pod(pods, "ready", Serve, "      readinessProbe: {exec: {command: [test, -e, /shared/ready]}, periodSeconds: 1, failureThreshold: 1, timeoutSeconds: 10}"),
            Pod(pods, "port", Serve, "      readinessProbe: {tcpSocket: {port: 8080}, periodSeconds: 1, timeoutSeconds: 5}"),
            Pod(pods, "slow", Serve,
                "      startupProbe: {exec: {command: [test, -e, /shared/up]}, periodSeconds: 1, failureThreshold: 300, timeoutSeconds: 10}\n" +
                "      livenessProbe: {exec: {command: [test, -e, /shared/up]}, periodSeconds: 1, failureThreshold: 1, timeoutSeconds: 10}")));

        await pods.ReadyAsync("live");
        (await pods.ExecAsync("live", "rm", "/tmp/www/alive")).Require();
        await pods.SeeAsync("live", p => p.Status.ContainerStatuses[0].RestartCount >= 1, "started again after its page was gone");
        await pods.SeeAsync("dead", p => p.Status.ContainerStatuses?[0].RestartCount >= 1, "started again");
        await pods.ReadyAsync("port");

        await pods.SeeAsync("ready", p => p.Status.ContainerStatuses?[0] is { Started: true, Ready: false }, "running and not ready");
        (await pods.ExecAsync("ready", "touch", "/shared/ready")).Require();
        await pods.ReadyAsync("ready");
        (await pods.ExecAsync("ready", "rm", "/shared/ready")).Require();
        (await pods.SeeAsync("ready", p => !p.Status.ContainerStatuses[0].Ready, "not ready again")).Status.ContainerStatuses[0].RestartCount.ShouldBe(0);

        (await pods.SeeAsync("slow", p => p.Status.ContainerStatuses?[0].State.Running is not null, "running")).Status.ContainerStatuses[0].Started.ShouldBe(false);
        (await pods.ExecAsync("slow", "touch", "/shared/up")).Require();
        (await pods.ReadyAsync("slow")).Status.ContainerStatuses[0].RestartCount.ShouldBe(0);
    }

    [Theory]
    [InlineData("")]
    [InlineData(RuntimeClassFixture.RuntimeClass)]
    public async Task HooksRunAfterTheStartAndBeforeTheEndAndWhatDoesNotEndIsKilled(string runtimeClass)
    {
        await using var pods = cluster.Pods(runtimeClass);
        await pods.ApplyAsync(string.Join("\n---\n",
            Pod(pods, "hooks", "trap 'cat /shared/said; echo ended; exit 0' TERM; echo up; " + Wait,
                "      lifecycle: {postStart: {exec: {command: [sh, -c, echo started > /shared/said]} }, preStop: {exec: {command: [sh, -c, echo stopping >> /shared/said]} } }"),
            Pod(pods, "refused", "trap 'exit 0' TERM; " + Wait, "      lifecycle: {postStart: {exec: {command: ['false']} } }"),
            Pod(pods, "stubborn", "trap 'echo no' TERM; echo up; " + Wait)));
        await pods.ReadyAsync("hooks");
        await pods.ReadyAsync("stubborn");
        // It waits for the log's end, which is the container's.
        var hooks = Kubectl.RunAsync("logs", "-f", pods.Name("hooks"), "-n", pods.Namespace);
        var stubborn = Kubectl.RunAsync("logs", "-f", pods.Name("stubborn"), "-n", pods.Namespace);
        await pods.SeeLogAsync("hooks", l => l.Contains("up", StringComparison.Ordinal), "up");
        await pods.SeeLogAsync("stubborn", l => l.Contains("up", StringComparison.Ordinal), "up");

        await Task.WhenAll(pods.DeleteAsync("hooks", "--grace-period=20"), pods.DeleteAsync("stubborn", "--grace-period=3"));

        // The kubelet may add that the container is gone.
        (await hooks).ShouldStartWith("up\nstarted\nstopping\nended\n");
        (await stubborn).ShouldStartWith("up\nno\n");
        await pods.SeeAsync("refused", p => p.Status.ContainerStatuses?[0].LastState.Terminated is not null, "ended by its postStart hook");
        (await pods.EventsAsync("refused")).ShouldContain("FailedPostStartHook");
    }

    private static string Pod(PodBatch pods, string name, string script, string extra = "") => $$"""
        apiVersion: v1
        kind: Pod
        metadata: {name: {{pods.Name(name)}} }
        spec:
          RUNTIME
          volumes: [{name: shared, emptyDir: {} }]
          terminationGracePeriodSeconds: 5
          containers:
            - name: main
              image: localhost/busybox:1
              command: [sh, -c, "{{script}}"]
              volumeMounts: [{name: shared, mountPath: /shared}]
        {{extra}}
        """;
}
