using System.Text.RegularExpressions;

namespace Templating.ClusterTests;

/// <summary>Two pods of one template are two machines, and a template is its tenant's.</summary>
[Collection(RuntimeClassCollection.Name)]
[Trait("Cluster", "local")]
public sealed partial class RuntimeClassIsolationTests(RuntimeClassFixture cluster)
{
    private const string Identity = "cat /proc/sys/kernel/random/boot_id; hostname; head -c 16 /dev/urandom | base64; cat /proc/sys/kernel/random/uuid; date +%Y";

    [Fact]
    public async Task TwoPodsOfOneTemplateShareImagesAndNothingElse()
    {
        await using var pods = cluster.Pods();
        await pods.ApplyAsync(Pod(pods, "one") + "\n---\n" + Pod(pods, "two"));
        var one = await pods.ReadyAsync("one");
        var two = await pods.ReadyAsync("two");

        var first = (await pods.ExecAsync("one", "sh", "-c", Identity)).Require().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var second = (await pods.ExecAsync("two", "sh", "-c", Identity)).Require().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        first.Zip(second).Take(4).ShouldAllBe(pair => pair.First != pair.Second);
        first[4].ShouldBe(second[4]);

        (await pods.ExecAsync("one", "sh", "-c", "cat /bin/* > /dev/null; echo one > /bin/own; rm /bin/wc; sync")).Require();
        (await pods.ExecAsync("two", "test", "-e", "/bin/own")).ExitCode.ShouldNotBe(0);
        (await pods.ExecAsync("two", "test", "-e", "/bin/wc")).ExitCode.ShouldBe(0);
        if (one.Spec.NodeName == two.Spec.NodeName)
        {
            var images = await ImagesAsync(one);
            images.ShouldNotBeEmpty();
            // The root of the template and that of the container, each from the one file.
            (await ImagesAsync(two)).Select(i => i.File).ShouldBe(images.Select(i => i.File), ignoreOrder: true);
            images.ShouldAllBe(i => i.CopiedKilobytes == 0);
        }
    }

    [Fact]
    public async Task AnotherNamespaceGetsNoTemplateOfThisOneWhateverItsPodsSay()
    {
        await using var other = await Tenant.CreateAsync("other");
        await using var pods = new PodBatch(other.Name, RuntimeClassFixture.RuntimeClass);
        await pods.ApplyAsync(string.Join("\n---\n",
            Pod(pods, "plain"),
            Pod(pods, "named", $"templating.dev/template: {RuntimeClassFixture.Template}"),
            Pod(pods, "reaching", $"templating.dev/template: {cluster.Tenant.Name}/{RuntimeClassFixture.Template}"),
            Pod(pods, "lying", $"io.kubernetes.cri.sandbox-namespace: {cluster.Tenant.Name}")));

        foreach (var name in new[] { "plain", "named", "reaching", "lying" })
        {
            var events = await Eventually.SeeAsync(
                async () => await pods.EventsAsync(name), e => e.Contains("FailedCreatePodSandBox", StringComparison.Ordinal), $"a refusal of {name}");
            events.ShouldContain(name == "reaching" ? "templating.dev/template" : RuntimeClassFixture.Template, Case.Sensitive, $"of {name}");
            (await pods.GetAsync(name))!.Status.Phase.ShouldBe("Pending");
        }
    }

    [Fact]
    public async Task WhatAVmCannotHaveIsRefusedWithTheReasonInThePodsEvents()
    {
        await using var pods = cluster.Pods();
        await pods.ApplyAsync(string.Join("\n---\n",
            Pod(pods, "host-path", extra: "  volumes: [{name: etc, hostPath: {path: /etc} }]", container: ", volumeMounts: [{name: etc, mountPath: /host}]"),
            Pod(pods, "host-network", extra: "  hostNetwork: true"),
            Pod(pods, "host-pid", extra: "  hostPID: true"),
            Pod(pods, "privileged", container: ", securityContext: {privileged: true}")));

        foreach (var (name, reason) in new[]
        {
            ("host-path", "hostPath"), ("host-network", "hostNetwork"), ("host-pid", "hostPID"), ("privileged", "privileged"),
        })
        {
            await Eventually.SeeAsync(
                async () => await pods.EventsAsync(name), e => e.Contains(reason, StringComparison.Ordinal) && e.Contains("Failed", StringComparison.Ordinal), $"a refusal of {name}");
            (await pods.GetAsync(name))!.Status.ContainerStatuses.ShouldAllBe(c => c.State.Running == null);
        }
    }

    private sealed record Image(string File, long CopiedKilobytes);

    /// <summary>Files that its QEMU shares with others: read-only, shared mappings.</summary>
    private static async Task<IReadOnlyList<Image>> ImagesAsync(k8s.Models.V1Pod pod)
    {
        var smaps = await LocalCluster.InNodeAsync(PodOnNode.Number(pod), "cat", $"/proc/{await PodOnNode.QemuAsync(pod)}/smaps");
        return [.. SharedMapping().Matches(smaps).Select(m => new Image(
            m.Groups["file"].Value,
            long.Parse(m.Groups["dirty"].Value, System.Globalization.CultureInfo.InvariantCulture) +
            long.Parse(m.Groups["anonymous"].Value, System.Globalization.CultureInfo.InvariantCulture)))];
    }

    [GeneratedRegex(@"^[0-9a-f]+-[0-9a-f]+ r--s [0-9a-f]+ (?<file>\S+ [1-9]\d*) .*\n(?:(?!VmFlags)\w+:.*\n)*?Private_Dirty: +(?<dirty>\d+) kB\n(?:(?!VmFlags)\w+:.*\n)*?Anonymous: +(?<anonymous>\d+) kB", RegexOptions.Multiline)]
    private static partial Regex SharedMapping();

    private static string Pod(PodBatch pods, string name, string annotations = "", string extra = "", string container = "") => $$"""
        apiVersion: v1
        kind: Pod
        metadata:
          name: {{pods.Name(name)}}
          annotations: { {{annotations}} }
        spec:
          RUNTIME
          terminationGracePeriodSeconds: 1
          containers: [{name: main, image: localhost/busybox:1, command: [sh, -c, "trap 'exit 0' TERM; while :; do sleep 1; done"]{{container}} }]
        {{extra}}
        """;
}
