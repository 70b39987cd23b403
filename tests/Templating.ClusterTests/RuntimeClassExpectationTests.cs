using k8s.Models;

namespace Templating.ClusterTests;

/// <summary>
/// What Kubernetes' own end-to-end tests expect of pods, in this project's words: the same for the node's own runtime and for pods in VMs.
/// What differs is in docs/kubernetes/runtime-class.md.
/// </summary>
[Collection(RuntimeClassCollection.Name)]
[Trait("Cluster", "local")]
public sealed class RuntimeClassExpectationTests(RuntimeClassFixture cluster)
{
    [Theory]
    [InlineData("")]
    [InlineData(RuntimeClassFixture.RuntimeClass)]
    public async Task ContainersEndAsTheirProgramsDoAndAreStartedAgainAsThePodSays(string runtimeClass)
    {
        await using var pods = cluster.Pods(runtimeClass);
        await pods.ApplyAsync(string.Join("\n---\n",
            Pod(pods, "succeeds", "Never", "exit 0"),
            Pod(pods, "fails", "Never", "exit 7"),
            Pod(pods, "again", "OnFailure", "test -e /shared/was && exit 0; touch /shared/was; exit 3"),
            Pod(pods, "always", "Always", "exit 0"),
            Pod(pods, "nothing", "Never", "true").Replace("[sh, -c, \"true\"]", "[/no/such/program]", StringComparison.Ordinal)));

        var succeeds = Terminated(await pods.FinishedAsync("succeeds"));
        (succeeds.ExitCode, succeeds.Reason).ShouldBe((0, "Completed"));
        // In whole seconds, and containerd takes the time of the start once that is answered: a program that is quick has ended before.
        succeeds.FinishedAt.ShouldNotBeNull().AddSeconds(1).ShouldBeGreaterThanOrEqualTo(succeeds.StartedAt.ShouldNotBeNull());

        var fails = await pods.FinishedAsync("fails");
        fails.Status.Phase.ShouldBe("Failed");
        (Terminated(fails).ExitCode, Terminated(fails).Reason).ShouldBe((7, "Error"));

        var again = await pods.FinishedAsync("again");
        again.Status.Phase.ShouldBe("Succeeded");
        again.Status.ContainerStatuses[0].RestartCount.ShouldBe(1);
        again.Status.ContainerStatuses[0].LastState.Terminated.ExitCode.ShouldBe(3);

        await pods.SeeAsync("always", p => p.Status.ContainerStatuses?[0].RestartCount >= 1, "started again");

        var nothing = await pods.FinishedAsync("nothing");
        (Terminated(nothing).ExitCode, Terminated(nothing).Reason).ShouldBe((128, "StartError"));
        Terminated(nothing).Message.ShouldContain("/no/such/program");
    }

    [Theory]
    [InlineData("")]
    [InlineData(RuntimeClassFixture.RuntimeClass)]
    public async Task WhatAContainerSaysOfItsEndIsInThePodsStatus(string runtimeClass)
    {
        await using var pods = cluster.Pods(runtimeClass);
        await pods.ApplyAsync(string.Join("\n---\n",
            Pod(pods, "said", "Never", "printf said > /dev/termination-log; exit 1"),
            Pod(pods, "elsewhere", "Never", "printf elsewhere > /tmp/why", "      terminationMessagePath: /tmp/why"),
            Pod(pods, "user", "Never", "printf user > /dev/termination-log", "      securityContext: {runAsUser: 1000}"),
            Pod(pods, "log", "Never", "echo the last line; exit 1", "      terminationMessagePolicy: FallbackToLogsOnError"),
            Pod(pods, "quiet", "Never", "echo no failure", "      terminationMessagePolicy: FallbackToLogsOnError"),
            Pod(pods, "rather", "Never", "echo log; printf file > /dev/termination-log; exit 1", "      terminationMessagePolicy: FallbackToLogsOnError")));

        var messages = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var name in new[] { "said", "elsewhere", "user", "log", "quiet", "rather" })
        {
            messages[name] = Terminated(await pods.FinishedAsync(name)).Message;
        }

        messages.ShouldBe(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["said"] = "said",
            ["elsewhere"] = "elsewhere",
            ["user"] = "user",
            ["log"] = "the last line\n",
            ["quiet"] = null,
            ["rather"] = "file",
        });
    }

    [Theory]
    [InlineData("")]
    [InlineData(RuntimeClassFixture.RuntimeClass)]
    public async Task InitContainersRunOneAfterTheOtherBeforeAllElseAndTheirFailureIsThePods(string runtimeClass)
    {
        await using var pods = cluster.Pods(runtimeClass);
        await pods.ApplyAsync(string.Join("\n---\n",
            Pod(pods, "order", "Never", "cat /shared/order", Init("echo first >> /shared/order") + Init("echo second >> /shared/order", "second")),
            Pod(pods, "retried", "OnFailure", "cat /shared/order", Init("echo try >> /shared/order; test $(wc -l < /shared/order) = 2")),
            Pod(pods, "given-up", "Never", "echo never", Init("exit 4"))));

        await pods.FinishedAsync("order");
        (await pods.LogsAsync("order")).ShouldBe("first\nsecond\n");
        (await pods.FinishedAsync("retried")).Status.InitContainerStatuses[0].RestartCount.ShouldBe(1);
        (await pods.LogsAsync("retried")).ShouldBe("try\ntry\n");
        var given = await pods.FinishedAsync("given-up");
        given.Status.Phase.ShouldBe("Failed");
        given.Status.InitContainerStatuses[0].State.Terminated.ExitCode.ShouldBe(4);
        given.Status.ContainerStatuses[0].State.Waiting.ShouldNotBeNull("the container never ran");
    }

    internal static V1ContainerStateTerminated Terminated(V1Pod pod, string container = "main") =>
        pod.Status.ContainerStatuses.Single(c => c.Name == container).State.Terminated.ShouldNotBeNull($"{pod.Metadata.Name}: {container} has not ended");

    /// <param name="pods">Names it.</param>
    /// <param name="name">Its own.</param>
    /// <param name="restart">Its restartPolicy.</param>
    /// <param name="script">What its container main runs.</param>
    /// <param name="extra">Further lines: of the container (six spaces), further containers (four), of the pod (two).</param>
    internal static string Pod(PodBatch pods, string name, string restart, string script, string extra = "") => $$"""
        apiVersion: v1
        kind: Pod
        metadata: {name: {{pods.Name(name)}}}
        spec:
          RUNTIME
          restartPolicy: {{restart}}
          terminationGracePeriodSeconds: 2
          volumes: [{name: shared, emptyDir: {} }]
          containers:
            - name: main
              image: localhost/busybox:1
              command: [sh, -c, "{{script}}"]
              volumeMounts: [{name: shared, mountPath: /shared}]
        {{extra}}
        """;

    private static string Init(string script, string? next = null) => next is null
        ? $$"""
              initContainers:
                - {name: first, image: localhost/busybox:1, command: [sh, -c, "{{script}}"], volumeMounts: [{name: shared, mountPath: /shared}]}

            """
        : $$"""
                - {name: {{next}}, image: localhost/busybox:1, command: [sh, -c, "{{script}}"], volumeMounts: [{name: shared, mountPath: /shared}]}
            """;
}
