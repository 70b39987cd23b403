using System.Text;
using System.Text.Json.Nodes;
using Templating.Shim.Specs;

namespace Templating.ShimTests.Specs;

/// <summary>What containerd writes into bundles, by version 1.6's CRI plugin and by <c>ctr run</c>.</summary>
internal static class Samples
{
    public const string Sandbox = "5a0d";
    public const string Container = "c0ff";
    public const string Uid = "0c8a2c5e-26d5-4f26-9a4a-0b8f6d8a5a10";
    public const string Kubelet = "/var/lib/kubelet";
    public const string Runtime = "/run/containerd/io.containerd.grpc.v1.cri";
    public const string Root = "/run/templating/roots/c0ff/root";

    public static GuestSpecOptions Options { get; } = new("c0ff", Root) { Sandbox = BundleSpec.Parse(Sandbox, Bytes(PodSandbox())) };

    public static JsonObject PodSandbox() => Parse("""
        {"ociVersion":"1.0.2-dev",
         "process":{"user":{"uid":65535,"gid":65535},"args":["/pause"],"env":["PATH=/bin"],"cwd":"/","noNewPrivileges":true,"oomScoreAdj":-998,
           "capabilities":{"bounding":["CAP_CHOWN"]}},
         "root":{"path":"rootfs","readonly":true},"hostname":"web-0",
         "mounts":[{"destination":"/proc","type":"proc","source":"proc","options":["nosuid","noexec","nodev"]},
           {"destination":"/dev/shm","type":"bind","source":"/run/containerd/io.containerd.grpc.v1.cri/sandboxes/5a0d/shm","options":["rbind","ro"]},
           {"destination":"/etc/resolv.conf","type":"bind","source":"/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/5a0d/resolv.conf","options":["rbind","ro"]}],
         "annotations":{"io.kubernetes.cri.container-type":"sandbox","io.kubernetes.cri.sandbox-id":"5a0d","io.kubernetes.cri.sandbox-namespace":"shop",
           "io.kubernetes.cri.sandbox-name":"web-0","io.kubernetes.cri.sandbox-log-directory":"/var/log/pods/shop_web-0_0c8a2c5e-26d5-4f26-9a4a-0b8f6d8a5a10",
           "io.kubernetes.cri.sandbox-cpu-period":"100000","io.kubernetes.cri.sandbox-cpu-quota":"150000","io.kubernetes.cri.sandbox-cpu-shares":"512",
           "io.kubernetes.cri.sandbox-memory":"536870912","templating.dev/template":"debian"},
         "linux":{"resources":{"devices":[{"allow":false,"access":"rwm"}],"cpu":{"shares":2}},
           "cgroupsPath":"/kubepods/burstable/pod0c8a2c5e/5a0d","sysctl":{"net.ipv4.ip_unprivileged_port_start":"0"},
           "namespaces":[{"type":"pid"},{"type":"ipc"},{"type":"uts"},{"type":"mount"},{"type":"network","path":"/var/run/netns/cni-1"}]}}
        """);

    public static JsonObject PodContainer(string kubelet = Kubelet) => Parse("""
        {"ociVersion":"1.0.2-dev",
         "process":{"user":{"uid":1000,"gid":1000,"additionalGids":[1000,2000]},"args":["/bin/web","--port=80"],"env":["PATH=/bin","HOSTNAME=web-0"],
           "cwd":"/srv","noNewPrivileges":true,"oomScoreAdj":-1000,"apparmorProfile":"cri-containerd.apparmor.d","selinuxLabel":"system_u:system_r:container_t:s0",
           "capabilities":{"bounding":["CAP_CHOWN","CAP_KILL"],"effective":["CAP_CHOWN"]},"rlimits":[{"type":"RLIMIT_NOFILE","hard":18446744073709551615,"soft":1024}]},
         "root":{"path":"rootfs"},
         "mounts":[{"destination":"/proc","type":"proc","source":"proc","options":["nosuid","noexec","nodev"]},
           {"destination":"/dev","type":"tmpfs","source":"tmpfs","options":["nosuid","strictatime","mode=755","size=65536k"]},
           {"destination":"/dev/pts","type":"devpts","source":"devpts","options":["nosuid","noexec","newinstance","ptmxmode=0666","mode=0620","gid=5"]},
           {"destination":"/dev/mqueue","type":"mqueue","source":"mqueue","options":["nosuid","noexec","nodev"]},
           {"destination":"/sys","type":"sysfs","source":"sysfs","options":["nosuid","noexec","nodev","ro"]},
           {"destination":"/sys/fs/cgroup","type":"cgroup","source":"cgroup","options":["nosuid","noexec","nodev","relatime","ro"]},
           {"destination":"/etc/hosts","type":"bind","source":"@K/pods/@U/etc-hosts","options":["rbind","rprivate","rw"]},
           {"destination":"/dev/termination-log","type":"bind","source":"@K/pods/@U/containers/web/1f2e3d4c","options":["rbind","rprivate","rw"]},
           {"destination":"/etc/hostname","type":"bind","source":"/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/5a0d/hostname","options":["rbind","rprivate","rw"]},
           {"destination":"/etc/resolv.conf","type":"bind","source":"/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/5a0d/resolv.conf","options":["rbind","rprivate","rw"]},
           {"destination":"/dev/shm","type":"bind","source":"/run/containerd/io.containerd.grpc.v1.cri/sandboxes/5a0d/shm","options":["rbind","rprivate","rw"]},
           {"destination":"/cache","type":"bind","source":"@K/pods/@U/volumes/kubernetes.io~empty-dir/cache","options":["rbind","rprivate","rw"]},
           {"destination":"/etc/web","type":"bind","source":"@K/pods/@U/volumes/kubernetes.io~configmap/settings","options":["rbind","rprivate","ro"]},
           {"destination":"/var/run/secrets/kubernetes.io/serviceaccount","type":"bind","source":"@K/pods/@U/volumes/kubernetes.io~projected/kube-api-access-x2","options":["rbind","rprivate","ro"]}],
         "hooks":{"prestart":[{"path":"/usr/bin/host-hook"}]},
         "annotations":{"io.kubernetes.cri.container-type":"container","io.kubernetes.cri.sandbox-id":"5a0d","io.kubernetes.cri.sandbox-namespace":"shop",
           "io.kubernetes.cri.sandbox-name":"web-0","io.kubernetes.cri.sandbox-uid":"@U","io.kubernetes.cri.container-name":"web","run.oci.hooks.stdout":"/host/log"},
         "linux":{"resources":{"devices":[{"allow":false,"access":"rwm"},{"allow":true,"type":"c","major":1,"minor":3,"access":"rwm"}],
             "memory":{"limit":134217728},"cpu":{"shares":512,"quota":50000,"period":100000,"cpus":"0-3"},"hugepageLimits":[{"pageSize":"2MB","limit":0}],
             "unified":{"memory.high":"1"}},
           "cgroupsPath":"/kubepods/burstable/pod0c8a2c5e/c0ff","mountLabel":"system_u:object_r:container_file_t:s0","intelRdt":{"closID":"host"},
           "rootfsPropagation":"rslave","seccomp":{"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_X86_64"],"listenerPath":"/host/agent.sock",
             "syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW"}]},
           "maskedPaths":["/proc/kcore"],"readonlyPaths":["/proc/sys"],
           "namespaces":[{"type":"pid"},{"type":"ipc","path":"/proc/77/ns/ipc"},{"type":"uts","path":"/proc/77/ns/uts"},{"type":"mount"},{"type":"network","path":"/proc/77/ns/net"}]}}
        """.Replace("@K", kubelet, StringComparison.Ordinal));

    public static JsonObject Ctr() => Parse("""
        {"ociVersion":"1.0.2-dev","process":{"user":{"uid":0,"gid":0},"args":["true"],"env":["PATH=/bin"],"cwd":"/","terminal":true,"consoleSize":{"height":24,"width":80}},
         "root":{"path":"rootfs"},
         "mounts":[{"destination":"/proc","type":"proc","source":"proc","options":["nosuid","noexec","nodev"]},
           {"destination":"/dev/shm","type":"tmpfs","source":"shm","options":["nosuid","noexec","nodev","mode=1777","size=65536k"]},
           {"destination":"/run","type":"tmpfs","source":"tmpfs","options":["nosuid","strictatime","mode=755","size=65536k"]}],
         "linux":{"resources":{"devices":[{"allow":false,"access":"rwm"}]},"cgroupsPath":"/default/one",
           "namespaces":[{"type":"pid"},{"type":"ipc"},{"type":"uts"},{"type":"mount"},{"type":"network"}]}}
        """);

    public static JsonObject Mount(string destination, string source, string type = "bind", params string[] options) => new()
    {
        ["destination"] = destination,
        ["type"] = type,
        ["source"] = source,
        ["options"] = new JsonArray([.. options.Select(option => (JsonNode)option)]),
    };

    public static JsonObject WithMount(this JsonObject document, JsonObject mount)
    {
        document["mounts"]!.AsArray().Add((JsonNode)mount);
        return document;
    }

    public static JsonArray Namespaces(this JsonObject document) => document["linux"]!["namespaces"]!.AsArray();

    public static void RemoveNamespace(this JsonObject document, string type)
    {
        var list = document.Namespaces();
        list.Remove(list.Single(item => item!["type"]!.GetValue<string>() == type));
    }

    public static byte[] Bytes(JsonObject document) => Encoding.UTF8.GetBytes(document.ToJsonString());

    public static BundleSpec Spec(this JsonObject document, string id = Container) => BundleSpec.Parse(id, Bytes(document));

    private static JsonObject Parse(string json) => JsonNode.Parse(json.Replace("@U", Uid, StringComparison.Ordinal))!.AsObject();
}
