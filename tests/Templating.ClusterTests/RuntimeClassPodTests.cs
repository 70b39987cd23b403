using System.Text.Json;
using k8s.Models;

namespace Templating.ClusterTests;

/// <summary>Manifests as they are written for any cluster, with one line more: <c>runtimeClassName</c>.</summary>
[Collection(RuntimeClassCollection.Name)]
[Trait("Cluster", "local")]
public sealed class RuntimeClassPodTests(RuntimeClassFixture cluster)
{
    private const string Wait = "while :; do sleep 1; done";

    [Fact]
    public async Task ADeploymentBehindAServiceAnswersPodsInVmsAndOthersAndAJobCompletes()
    {
        await using var vms = cluster.Pods();
        await using var runc = cluster.Pods("");
        await vms.ApplyAsync(Web(vms, 2) + "\n---\n" + Client(vms) + $$"""

            ---
            apiVersion: batch/v1
            kind: Job
            metadata: {name: {{vms.Name("job")}} }
            spec:
              completions: 2
              parallelism: 2
              template:
                spec:
                  RUNTIME
                  restartPolicy: Never
                  containers: [{name: main, image: {{RuntimeClassFixture.WebImage}}, command: [bash, -c, "echo $((6 * 7)) > /tmp/n; read n < /tmp/n; [[ $n = 42 ]]"]}]
            """);
        await runc.ApplyAsync(Web(runc, 1) + "\n---\n" + Client(runc));

        var inVms = await AddressesAsync(vms, 2);
        var byRunc = await AddressesAsync(runc, 1);
        await vms.ReadyAsync("client");
        await runc.ReadyAsync("client");
        foreach (var address in inVms.Concat(byRunc))
        {
            (await vms.ExecAsync("client", "wget", "-qO-", $"http://{address}/")).Require().Output.ShouldEndWith("\na page of Debian\n");
            (await runc.ExecAsync("client", "wget", "-qO-", $"http://{address}/")).Require().Output.ShouldEndWith("\na page of Debian\n");
        }

        // The kernel of a VM pod is its template's.
        (await vms.ExecAsync("client", "uname", "-r")).Require().Output.ShouldNotBe((await runc.ExecAsync("client", "uname", "-r")).Require().Output);
        await Eventually.SeeAsync(
            () => Kubectl.GetAsync<V1Job>("job", vms.Namespace, vms.Name("job")), j => j.Status.Succeeded == 2, "a completed job");
    }

    [Fact]
    public async Task APodWithAllThatOnesHaveRunsAndFollowsItsConfiguration()
    {
        await using var pods = cluster.Pods();
        await pods.ApplyAsync($$"""
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: {{pods.Name("conf")}} }
            data: {greeting: hello}
            ---
            apiVersion: v1
            kind: Secret
            metadata: {name: {{pods.Name("secret")}} }
            stringData: {password: one}
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: {{pods.Name("all")}} }
            spec:
              RUNTIME
              terminationGracePeriodSeconds: 20
              volumes:
                - {name: pages, emptyDir: {} }
                - {name: conf, configMap: {name: {{pods.Name("conf")}} } }
                - {name: secret, secret: {secretName: {{pods.Name("secret")}} } }
              initContainers:
                - name: pages
                  image: localhost/busybox:1
                  command: [sh, -c, "echo a page of the init container > /pages/index.html"]
                  volumeMounts: [{name: pages, mountPath: /pages}]
              containers:
                - name: main
                  image: {{RuntimeClassFixture.WebImage}}
                  env: [{name: PORT, value: "8080"}]
                  ports: [{containerPort: 8080}]
                  readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 1, timeoutSeconds: 5}
                  livenessProbe: {tcpSocket: {port: 8080}, periodSeconds: 2, timeoutSeconds: 5, failureThreshold: 10}
                  lifecycle: {preStop: {exec: {command: [bash, -c, "echo goodbye > /srv/www/goodbye"]} } }
                  resources: {requests: {memory: 32Mi}, limits: {memory: 96Mi, cpu: 500m} }
                  volumeMounts:
                    - {name: pages, mountPath: /srv/www}
                    - {name: conf, mountPath: /etc/conf}
                    - {name: secret, mountPath: /etc/secret, readOnly: true}
                - name: sidecar
                  image: localhost/busybox:1
                  command: [sh, -c, "trap 'while ! test -e /pages/goodbye; do sleep 0.1; done; cat /pages/goodbye; exit 0' TERM; until wget -qO /tmp/page http://127.0.0.1:8080/ 2>/dev/null; do sleep 0.1; done; tail -1 /tmp/page; {{Wait}}"]
                  volumeMounts: [{name: pages, mountPath: /pages}]
            """);

        var pod = await pods.ReadyAsync("all");

        pod.Status.ContainerStatuses.Sum(c => c.RestartCount).ShouldBe(0);
        (await pods.ExecAsync("all", "cat", "/etc/conf/greeting", "/etc/secret/password")).Require().Output.ShouldBe("helloone");
        await Kubectl.RunAsync("patch", "configmap", pods.Name("conf"), "-n", pods.Namespace, "-p", """{"data":{"greeting":"good day","more":"yes"}}""");
        await Kubectl.RunAsync("patch", "secret", pods.Name("secret"), "-n", pods.Namespace, "-p", """{"stringData":{"password":"two"}}""");
        await SeesAsync(pods, "good dayyestwo", "cat", "/etc/conf/greeting", "/etc/conf/more", "/etc/secret/password");
        await Kubectl.RunAsync("patch", "configmap", pods.Name("conf"), "-n", pods.Namespace, "-p", """{"data":{"more":null}}""");
        await SeesAsync(pods, "greeting\n", "ls", "/etc/conf");

        var sidecar = Kubectl.RunAsync("logs", "-f", pods.Name("all"), "-n", pods.Namespace, "-c", "sidecar");
        await pods.SeeLogAsync("all", l => l.Contains("init container", StringComparison.Ordinal), "the page", "sidecar");
        await pods.DeleteAsync("all");
        // The kubelet may add that the container is gone.
        (await sidecar).ShouldStartWith("a page of the init container\ngoodbye\n");
    }

    [Fact]
    public async Task PeopleGetIntoAPodByExecWithATerminalLogsCopiesAndFigures()
    {
        await using var pods = cluster.Pods();
        await pods.ApplyAsync(Client(pods));
        var pod = await pods.ReadyAsync("client");
        string[] into = ["exec", pods.Name("client"), "-n", pods.Namespace];

        var said = await pods.ExecAsync("client", "sh", "-c", "echo out; echo err >&2; exit 5");
        (said.ExitCode, said.Output).ShouldBe((5, "out\n"));
        said.Error.ShouldStartWith("err\n");
        (await Command.RunAsync("kubectl", [.. into, "-i", "--", "sha256sum"], new string('x', 1_000_000))).Require().Output
            .ShouldStartWith(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Enumerable.Repeat((byte)'x', 1_000_000).ToArray())));
        (await pods.ExecAsync("client", "no-such-program")).ExitCode.ShouldNotBe(0);
        // script makes the terminal that a person has.
        var terminal = await Command.RunAsync(
            "script", ["-qec", $"stty rows 33 cols 77; kubectl {string.Join(' ', into)} -it -- sh -c 'tty; stty size; test -t 0 && echo a terminal; exit 6'", "/dev/null"]);
        terminal.Output.ShouldContain("/dev/pts/");
        terminal.Output.ShouldContain("33 77");
        terminal.Output.ShouldContain("a terminal");
        terminal.ExitCode.ShouldBe(6);

        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var bytes = System.Security.Cryptography.RandomNumberGenerator.GetBytes(3_000_000);
            await File.WriteAllBytesAsync(Path.Combine(folder.FullName, "there"), bytes);
            await Kubectl.RunAsync("cp", Path.Combine(folder.FullName, "there"), $"{pods.Namespace}/{pods.Name("client")}:/tmp/copy");
            await Kubectl.RunAsync("cp", $"{pods.Namespace}/{pods.Name("client")}:/tmp/copy", Path.Combine(folder.FullName, "back"));
            (await File.ReadAllBytesAsync(Path.Combine(folder.FullName, "back"))).AsSpan().SequenceEqual(bytes).ShouldBeTrue("what was copied in and out is the same");
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        var figures = await Eventually.SeeAsync(
            () => FiguresAsync(pod), f => f.Container > 0 && f.Pod >= f.Container && f.Cpu > 0, "figures of the pod and of its container");
        // QEMU is in the pod's control group: the pod's figure has the VM.
        figures.Pod.ShouldBeGreaterThan(30L << 20);
        figures.Container.ShouldBeLessThan(figures.Pod);
    }

    private sealed record Figures(long Pod, long Container, long Cpu);

    /// <summary>What the kubelet measures, of which kubectl top and autoscalers live.</summary>
    private static async Task<Figures?> FiguresAsync(V1Pod pod)
    {
        using var summary = JsonDocument.Parse(await Kubectl.RunAsync("get", "--raw", $"/api/v1/nodes/{pod.Spec.NodeName}/proxy/stats/summary"));
        var found = summary.RootElement.GetProperty("pods").EnumerateArray()
            .FirstOrDefault(p => p.GetProperty("podRef").GetProperty("uid").GetString() == pod.Metadata.Uid);
        if (found.ValueKind != JsonValueKind.Object || !found.TryGetProperty("memory", out var memory) || found.GetProperty("containers").GetArrayLength() == 0)
        {
            return null;
        }

        var container = found.GetProperty("containers")[0];
        return new Figures(
            Of(memory, "workingSetBytes"), Of(container.GetProperty("memory"), "workingSetBytes"), Of(container.GetProperty("cpu"), "usageCoreNanoSeconds"));

        static long Of(JsonElement of, string name) => of.TryGetProperty(name, out var value) ? value.GetInt64() : 0;
    }

    private static Task<string> SeesAsync(PodBatch pods, string expected, params string[] command) => Eventually.SeeAsync(
        async () => (await pods.ExecAsync("all", command)).Output, o => o == expected, $"'{expected}' of {string.Join(' ', command)}");

    /// <summary>What its Service has behind it. The local cluster has no addresses of Services.</summary>
    private static async Task<IReadOnlyList<string>> AddressesAsync(PodBatch pods, int count)
    {
        var endpoints = await Eventually.SeeAsync(
            () => Kubectl.GetAsync<V1Endpoints>("endpoints", pods.Namespace, pods.Name("web")),
            e => e.Subsets?.Sum(s => s.Addresses?.Count ?? 0) == count, $"{count} addresses of {pods.Name("web")}");
        return [.. endpoints.Subsets.SelectMany(s => s.Addresses).Select(a => a.Ip)];
    }

    private static string Web(PodBatch pods, int replicas) => $$"""
        apiVersion: v1
        kind: Service
        metadata: {name: {{pods.Name("web")}} }
        spec: {selector: {app: {{pods.Name("web")}} }, ports: [{port: 80}]}
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: {{pods.Name("web")}} }
        spec:
          replicas: {{replicas}}
          selector: {matchLabels: {app: {{pods.Name("web")}} } }
          template:
            metadata: {labels: {app: {{pods.Name("web")}} } }
            spec:
              RUNTIME
              containers:
                - name: web
                  image: {{RuntimeClassFixture.WebImage}}
                  ports: [{containerPort: 80}]
                  readinessProbe: {httpGet: {path: /, port: 80}, periodSeconds: 1, timeoutSeconds: 5}
                  resources: {requests: {cpu: 50m, memory: 16Mi}, limits: {memory: 64Mi} }
        """;

    private static string Client(PodBatch pods) => $$"""
        apiVersion: v1
        kind: Pod
        metadata: {name: {{pods.Name("client")}} }
        spec:
          RUNTIME
          containers: [{name: main, image: localhost/busybox:1, command: [sh, -c, "trap 'exit 0' TERM; {{Wait}}"]}]
        """;
}
