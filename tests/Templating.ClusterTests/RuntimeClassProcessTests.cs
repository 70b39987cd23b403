namespace Templating.ClusterTests;

/// <summary>Processes that containers of a pod share, and limits that change while they run.</summary>
[Collection(RuntimeClassCollection.Name)]
[Trait("Cluster", "local")]
public sealed class RuntimeClassProcessTests(RuntimeClassFixture cluster)
{
    private const string Wait = "trap 'exit 0' TERM; while :; do sleep 1; done";

    /// <summary>
    /// To a shim as containerd sends it: ttrpc's frame around a request (service, method, payload), around an UpdateTaskRequest (id, resources as an Any).
    /// The kubelet of this version has nobody change a pod that runs.
    /// </summary>
    private const string Update = """
        import socket, struct, sys
        def field(number, data): return bytes([number << 3 | 2]) + varint(len(data)) + data
        def varint(n): return bytes([n]) if n < 128 else bytes([n & 127 | 128]) + varint(n >> 7)
        path, task, resources = sys.argv[1:]
        any = field(1, b"types.containerd.io/opencontainers/runtime-spec/1/LinuxResources") + field(2, resources.encode())
        call = field(1, b"containerd.task.v2.Task") + field(2, b"Update") + field(3, field(1, task.encode()) + field(2, any))
        s = socket.socket(socket.AF_UNIX); s.settimeout(60); s.connect(path)
        s.sendall(struct.pack(">IIBB", len(call), 1, 1, 0) + call)
        head = b""
        while len(head) < 10: head += s.recv(10 - len(head))
        size, body = struct.unpack(">I", head[:4])[0], b""
        while len(body) < size: body += s.recv(size - len(body))
        print(body)
        sys.exit(body[:1] == b"\n")
        """;

    [Theory]
    [InlineData("")]
    [InlineData(RuntimeClassFixture.RuntimeClass)]
    public async Task ContainersThatShareProcessesSeeEachOthersAndEndEachByItself(string runtimeClass)
    {
        await using var pods = cluster.Pods(runtimeClass);
        await pods.ApplyAsync($$"""
            apiVersion: v1
            kind: Pod
            metadata: {name: {{pods.Name("both")}} }
            spec:
              RUNTIME
              shareProcessNamespace: true
              terminationGracePeriodSeconds: 1
              initContainers:
                - {name: first, image: localhost/busybox:1, command: [sh, -c, "case $(cat /proc/1/comm) in pause | templating-paus) ;; *) exit 1 ;; esac"]}
              containers:
                - {name: main, image: localhost/busybox:1, command: [sh, -c, "{{Wait}}"]}
                - {name: side, image: localhost/busybox:1, command: [sleep, "4321"]}
            """);
        await pods.ReadyAsync("both");

        var seen = (await pods.ExecAsync("both", "ps", "-o", "pid,args")).Require().Output;
        seen.ShouldSatisfyAllConditions(s => s.ShouldContain("sleep 4321"), s => s.ShouldContain("trap"), s => s.ShouldContain("pause"));

        (await pods.ExecAsync("both", "sh", "-c", "kill -9 $(ps -o pid,args | sed -n 's/^ *\\([0-9]*\\) sleep 4321$/\\1/p')")).Require();

        var pod = await pods.SeeAsync(
            "both", p => p.Status.ContainerStatuses.Any(c => c is { Name: "side", Ready: true, RestartCount: 1 }), "with a container started again");
        pod.Status.ContainerStatuses.Single(c => c.Name == "side").LastState.Terminated.ExitCode.ShouldBe(137);
        pod.Status.ContainerStatuses.Single(c => c.Name == "main").RestartCount.ShouldBe(0);
        (await pods.ExecAsync("both", "ps", "-o", "pid,args")).Require().Output.ShouldContain("sleep 4321");
    }

    [Fact]
    public async Task AContainerThatIsUpdatedHasItsNewLimitsInTheGuestToo()
    {
        await using var pods = cluster.Pods();
        await pods.ApplyAsync($$"""
            apiVersion: v1
            kind: Pod
            metadata: {name: {{pods.Name("grows")}} }
            spec:
              RUNTIME
              terminationGracePeriodSeconds: 1
              containers:
                - name: main
                  image: localhost/busybox:1
                  command: [sh, -c, "{{Wait}}"]
                  resources: {limits: {memory: 32Mi, cpu: 500m} }
            """);
        var pod = await pods.ReadyAsync("grows");
        const string Files = "cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/cpu.max /sys/fs/cgroup/pids.max";
        (await pods.ExecAsync("grows", "sh", "-c", Files)).Require().Output.ShouldBe("33554432\n50000 100000\nmax\n");

        await UpdateAsync(pod, """{"memory":{"limit":301989888},"cpu":{"shares":1024,"quota":150000,"period":100000},"pids":{"limit":99}}""");

        (await pods.ExecAsync("grows", "sh", "-c", Files)).Require().Output.ShouldBe("301989888\n150000 100000\n99\n");
        // The VM, too: the template has one CPU and 256 MiB.
        const string Machine = "nproc; test $(grep MemTotal /proc/meminfo | tr -dc 0-9) -gt 300000 && echo grown";
        (await pods.ExecAsync("grows", "sh", "-c", Machine)).Require().Output.ShouldBe("2\ngrown\n");
    }

    private static async Task UpdateAsync(k8s.Models.V1Pod pod, string resources)
    {
        var container = pod.Status.ContainerStatuses[0].ContainerID["containerd://".Length..];
        var address = await LocalCluster.InNodeAsync(
            PodOnNode.Number(pod), "sh", "-c", $"cat /run/containerd/io.containerd.runtime.v2.task/k8s.io/{container}/address");
        await LocalCluster.InNodeAsync(PodOnNode.Number(pod), "python3", "-c", Update, address.Trim()["unix://".Length..], container, resources);
    }
}
