using k8s.Models;

namespace Templating.ClusterTests.Cluster;

/// <summary>What a pod of the runtime class is on its node, and what of all of them is there: for tests that break one and look what is left.</summary>
internal static class PodOnNode
{
    /// <summary>
    /// Everything on a node that comes and goes with pods of the runtime class; of bundles the number, for other pods may be started again. A blank VM is
    /// no pod's while it is in the daemon's control group: one that was bound has its pod's.
    /// </summary>
    private const string Look = """
        cd /run
        echo shims: $(pgrep -f 'containerd-shim-templating-v[2] ' | sort)
        daemon=$(cat /proc/$(pgrep -of 'templating serv[e] ')/cgroup)
        is_blank() { grep -qs -e -preconfig /proc/$1/cmdline && [ "$(cat /proc/$1/cgroup)" = "$daemon" ]; }
        echo machines: $(for pid in $(pidof qemu-system-x86_64); do is_blank $pid || echo $pid; done | sort)
        echo sockets: $(ls containerd/s) $(ls templating-shim 2>/dev/null | grep -v lock-)
        echo clones: $(ls templating/clones)
        echo bundles: $(ls containerd/io.containerd.runtime.v2.task/k8s.io | wc -l)
        echo networks: $(ls /var/run/netns)
        echo mounts: $(grep -c -e templating -e io.containerd.runtime /proc/mounts)
        """;

    public static int Number(V1Pod pod) =>
        int.Parse(pod.Spec.NodeName.Replace("node-", "", StringComparison.Ordinal), System.Globalization.CultureInfo.InvariantCulture);

    public static async Task<string> RemainsAsync(int nodes)
    {
        var looks = new List<string>();
        for (var node = 1; node <= nodes; node++)
        {
            looks.Add(await LocalCluster.InNodeAsync(node, "sh", "-c", Look));
        }

        return string.Join("\n", looks);
    }

    /// <summary>The process in the pod's control group.</summary>
    public static async Task<int> QemuAsync(V1Pod pod) => await ProcessAsync(pod, $"grep -l pod{pod.Metadata.Uid} $(pidof qemu-system-x86_64 | sed -E 's#([0-9]+)#/proc/\\1/cgroup#g') | cut -d/ -f3");

    public static async Task<int> ShimAsync(V1Pod pod) => await ProcessAsync(
        pod, $"pgrep -f -- \"containerd-shim-templating-v2 .*-id $(ctr containers ls -q 'labels.\"io.kubernetes.pod.uid\"=={pod.Metadata.Uid},labels.\"io.cri-containerd.kind\"==sandbox') \"");

    public static async Task KillAsync(V1Pod pod, int process) => await LocalCluster.InNodeAsync(Number(pod), "kill", "-9", $"{process}");

    public static async Task<bool> LivesAsync(V1Pod pod, int process) =>
        (await LocalCluster.InNodeAsync(Number(pod), "sh", "-c", $"kill -0 {process} 2>/dev/null && echo lives || echo gone")).Trim() == "lives";

    private static async Task<int> ProcessAsync(V1Pod pod, string find)
    {
        var found = (await LocalCluster.InNodeAsync(Number(pod), "sh", "-c", find)).Trim();
        return int.TryParse(found, System.Globalization.CultureInfo.InvariantCulture, out var process)
            ? process
            : throw new InvalidOperationException($"'{find}' for pod {pod.Metadata.Name} found '{found}', expected one process.");
    }
}
