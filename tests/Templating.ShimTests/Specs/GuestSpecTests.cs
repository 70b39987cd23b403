using System.Text.Json.Nodes;
using CsCheck;
using Templating.OwnerPort.Processes;
using Templating.Shim.Errors;
using Templating.Shim.Specs;

namespace Templating.ShimTests.Specs;

public sealed class GuestSpecTests
{
    private const string Pods = $"{Samples.Kubelet}/pods/{Samples.Uid}";

    private static readonly string[] OfTheHost =
    [
        Samples.Kubelet, "/var/lib/containerd", "/run/containerd", "/kubepods", "/proc/77", "/host/", "rootfs", "apparmor", "container_t", "container_file_t",
        "hooks", "intelRdt", "0-3", "unified", "annotations", "hugepage", "rslave",
    ];

    [Fact]
    public void AnOrdinaryContainerHasNothingOfTheHostLeft()
    {
        var container = GuestSpec.Build(Samples.PodContainer().Spec(), Samples.Options);

        var text = System.Text.Encoding.UTF8.GetString(container.Config);
        OfTheHost.ShouldAllBe(word => !text.Contains(word, StringComparison.Ordinal));
        var config = JsonNode.Parse(text)!;
        config["root"]!["path"]!.GetValue<string>().ShouldBe(Samples.Root);
        config["hostname"]!.GetValue<string>().ShouldBe("web-0");
        config["process"]!["user"]!["additionalGids"]!.AsArray().Count.ShouldBe(2);
        config["process"]!["rlimits"]![0]!["hard"]!.GetValue<ulong>().ShouldBe(ulong.MaxValue);
        config["process"]!["oomScoreAdj"]!.GetValue<int>().ShouldBe(-999);
        config["linux"]!["seccomp"]!["syscalls"]!.AsArray().Count.ShouldBe(1);
        config["linux"]!["maskedPaths"]![0]!.GetValue<string>().ShouldBe("/proc/kcore");
        config["linux"]!["sysctl"]!["net.ipv4.ip_unprivileged_port_start"]!.GetValue<string>().ShouldBe("0");
        config["linux"]!["resources"]!["devices"]![0]!["allow"]!.GetValue<bool>().ShouldBeFalse();
        config["linux"]!["resources"]!["memory"]!["limit"]!.GetValue<long>().ShouldBe(134217728);
        config["linux"]!["namespaces"]!.AsArray().Select(item => $"{item!["type"]} {item["path"]}".Trim()).ShouldBe(
            ["network /run/templating/netns/pod", "ipc /proc/1/ns/ipc", "uts", "mount", "cgroup", "pid"]);
    }

    [Fact]
    public void AProcessWithoutALimitOfOpenFilesHasThatOfAServiceAndNotTheGuestsOwn()
    {
        var document = Samples.PodContainer();
        document["process"]!.AsObject().Remove("rlimits");

        var limit = JsonNode.Parse(GuestSpec.Build(document.Spec(), Samples.Options).Config)!["process"]!["rlimits"]!.AsArray().ShouldHaveSingleItem()!;
        limit.ToJsonString().ShouldBe("""{"type":"RLIMIT_NOFILE","hard":524288,"soft":1024}""");
    }

    [Fact]
    public void ItsVolumesAreCopiesThatFollowAndFoldersOfTheGuest()
    {
        var container = GuestSpec.Build(Samples.PodContainer().Spec(), Samples.Options);

        container.Copies.ShouldBe(
        [
            new VolumeCopy($"{Pods}/etc-hosts", "kubelet.hosts", Follow: true),
            new VolumeCopy($"{Pods}/containers/web/1f2e3d4c", "termination.c0ff", Follow: false, OfContainer: true),
            new VolumeCopy("/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/5a0d/hostname", "runtime.hostname", Follow: true),
            new VolumeCopy("/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/5a0d/resolv.conf", "runtime.resolv.conf", Follow: true),
            new VolumeCopy($"{Pods}/volumes/kubernetes.io~configmap/settings", "configmap.settings", Follow: true),
            new VolumeCopy($"{Pods}/volumes/kubernetes.io~projected/kube-api-access-x2", "projected.kube-api-access-x2", Follow: true),
        ]);
        container.Folders.ShouldBe(
        [
            new GuestFolder("shm", "data", $"{Samples.Runtime}/sandboxes/5a0d/shm", OwnRoot: true),
            new GuestFolder("emptydir.cache", "data", $"{Pods}/volumes/kubernetes.io~empty-dir/cache", OwnRoot: true),
        ]);
        container.TerminationLog.ShouldBe(new TerminationLog($"{Pods}/containers/web/1f2e3d4c", "termination.c0ff"));
        var mounts = Mounts(container);
        mounts["/etc/web"].ShouldBe("bind /run/templating/roots/volumes/root/configmap.settings rbind,rprivate,ro");
        mounts["/cache"].ShouldBe("bind /run/templating/roots/emptydir.cache/root/data rbind,rprivate,rw");
        mounts["/dev/shm"].ShouldBe("bind /run/templating/roots/shm/root/data rbind,rprivate,rw,nosuid,nodev,noexec");
        mounts["/dev/pts"].ShouldBe("devpts devpts nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5");
        mounts.Count.ShouldBe(14);
    }

    [Fact]
    public void AnImagesVolumeIsAFolderOfTheContainersOwnRoot()
    {
        var source = $"{Samples.Runtime}/containers/c0ff/volumes/9a8b";

        var container = GuestSpec.Build(Samples.PodContainer().WithMount(Samples.Mount("/var/lib/db", source)).Spec(), Samples.Options);

        container.Folders.ShouldContain(new GuestFolder("c0ff", "var/lib/db", source, OwnRoot: false));
        Mounts(container).ShouldNotContainKey("/var/lib/db");
        var sealed_ = Samples.PodContainer().WithMount(Samples.Mount("/var/lib/db", source));
        sealed_["root"]!["readonly"] = true;
        Refusal(sealed_).ShouldContain("mount /var/lib/db: the image declares it a VOLUME");
    }

    [Fact]
    public void WhatCtrRunsNeedsNothing()
    {
        var container = GuestSpec.Build(Samples.Ctr().Spec("one"), new GuestSpecOptions("one", "/run/templating/roots/one/root"));

        (container.Copies.Count, container.Folders.Count, container.TerminationLog).ShouldBe((0, 0, null));
        JsonNode.Parse(container.Config)!["process"]!["consoleSize"]!.ToJsonString().ShouldBe("""{"height":24,"width":80}""");
        Refusal(Samples.Ctr().WithMount(Samples.Mount("/data", "/srv/data", "bind", "rbind"))).ShouldContain("mount /data from /srv/data: a path of the host");
    }

    [Theory]
    [InlineData("/srv/data", "hostPath")]
    [InlineData("/", "hostPath")]
    [InlineData("", "hostPath")]
    [InlineData("relative", "hostPath")]
    [InlineData(Pods + "/volumes/kubernetes.io~configmap/../../../../../etc", "hostPath")]
    [InlineData(Pods + "/volumes/kubernetes.io~configmap/settings/..data", "kind configmap")]
    [InlineData(Pods + "/volumes/kubernetes.io~csi/pvc-1/mount", "volume pvc-1 of kind csi")]
    [InlineData(Pods + "/volumes/kubernetes.io~nfs/share", "volume share of kind nfs")]
    [InlineData(Pods + "/volumes/kubernetes.io~local-volume/disk", "volume disk of kind local-volume")]
    [InlineData(Pods + "/volumes/kubernetes.io~configmap/-x", "hostPath")]
    [InlineData(Pods + "/volume-subpaths/data/web/0", "a subPath of volume data")]
    [InlineData(Pods + "/containers/other/1f2e", "hostPath")]
    [InlineData(Samples.Kubelet + "/pods/another-pod/volumes/kubernetes.io~secret/theirs", "hostPath")]
    [InlineData("/run/containerd/io.containerd.grpc.v1.cri/sandboxes/other/shm", "hostPath")]
    [InlineData("/run/containerd/io.containerd.grpc.v1.cri/sandboxes/5a0d/other", "hostPath")]
    [InlineData("/dev/shm", "hostPath")]
    public void AVolumeThatAVmCannotHaveIsRefused(string source, string why) =>
        Refusal(Samples.PodContainer().WithMount(Samples.Mount("/data", source))).ShouldSatisfyAllConditions(
            words => words.ShouldContain($"mount /data from {source}: "), words => words.ShouldContain(why), words => words.ShouldContain("use "));

    [Theory]
    [InlineData("ext4")]
    [InlineData("overlay")]
    [InlineData("nfs")]
    [InlineData("hugetlbfs")]
    public void AFileSystemOfTheNodesIsRefused(string type) =>
        Refusal(Samples.PodContainer().WithMount(Samples.Mount("/data", "/dev/sda1", type))).ShouldContain($"mount /data: a file system of type {type}");

    [Fact]
    public void AKindOfVolumeIsNotToldByATypeThatHidesABind() =>
        Refusal(Samples.PodContainer().WithMount(Samples.Mount("/data", "/etc", "tmpfs", "rbind"))).ShouldContain("mount /data from /etc");

    [Theory]
    [InlineData("network", "hostNetwork")]
    [InlineData("pid", "hostPID")]
    [InlineData("ipc", "hostIPC")]
    public void APodThatAsksForTheHostsNamespacesIsRefused(string type, string field)
    {
        var pod = Samples.PodSandbox();
        GuestSpec.CheckSandbox(pod.Spec(Samples.Sandbox));

        pod.RemoveNamespace(type);

        Should.Throw<ShimException>(() => GuestSpec.CheckSandbox(pod.Spec(Samples.Sandbox))).Message.ShouldContain(field);
        var single = Samples.Ctr();
        single.RemoveNamespace(type);
        Refusal(single).ShouldContain(field);
    }

    [Theory]
    [InlineData("c", "/dev/nvidia0", "rwm", "devices: /dev/nvidia0")]
    [InlineData("c", "/dev/null", "rwm", null)]
    public void ADeviceOfTheNodeIsRefused(string type, string path, string access, string? words)
    {
        var document = Samples.PodContainer();
        document["linux"]!["devices"] = new JsonArray(new JsonObject { ["type"] = type, ["path"] = path, ["major"] = 1, ["minor"] = 1, ["access"] = access });

        if (words is null)
        {
            GuestSpec.Build(document.Spec(), Samples.Options);
            return;
        }

        Refusal(document).ShouldContain(words);
        document["linux"]!["resources"]!["devices"] = new JsonArray(new JsonObject { ["allow"] = true, ["access"] = "rwm" });
        Refusal(document).ShouldContain($"securityContext.privileged: it brings the node's devices ({path})");
        document["linux"]!["devices"] = new JsonArray();
        GuestSpec.Build(document.Spec(), Samples.Options);
    }

    [Fact]
    public void ProcessesAreSharedWhereTheGuestHasTheirNamespace()
    {
        var document = Samples.PodContainer();
        document.RemoveNamespace("pid");
        document.Namespaces().Add((JsonNode)new JsonObject { ["type"] = "pid", ["path"] = "/proc/77/ns/pid" });

        Refusal(document).ShouldSatisfyAllConditions(words => words.ShouldContain("target"), words => words.ShouldContain("shareProcessNamespace"));
        var container = GuestSpec.Build(document.Spec(), Samples.Options with { SharedPidNamespace = GuestSpec.PodProcesses });
        JsonNode.Parse(container.Config)!["linux"]!["namespaces"]!.AsArray()[^1]!["path"]!.GetValue<string>().ShouldBe("/run/templating/pidns/pod");
    }

    [Fact]
    public void AllFaultsComeTogetherAndNotWithoutEnd()
    {
        var document = Samples.PodContainer().WithMount(Samples.Mount("/a", "/a")).WithMount(Samples.Mount("/b", "/b"));
        document["linux"]!["resources"]!["hugepageLimits"]![0]!["limit"] = 2097152;

        Refusal(document).ShouldSatisfyAllConditions(
            words => words.ShouldContain("mount /a"), words => words.ShouldContain("mount /b"), words => words.ShouldContain("limits.hugepages-2MB"));
        for (var i = 0; i < 10; i++)
        {
            document.WithMount(Samples.Mount($"/m{i}", "/m"));
        }

        Refusal(document).ShouldContain("and 9 more");
    }

    [Fact]
    public void ASpecificationThatTheGuestWouldNotTakeIsRefused()
    {
        var document = Samples.PodContainer();
        document["process"]!["env"]!.AsArray().Add((JsonNode)("A=" + new string('x', 1 << 20)));

        Refusal(document).ShouldContain("the guest takes 1048576");
    }

    [Fact]
    public void AWordOfTheGuestsThatIsInAValueIsNoKey()
    {
        var document = Samples.PodContainer();
        document["process"]!["env"]!.AsArray().Add((JsonNode)"""A="cgroupsPath":"/x","path": "/run/templating/roots/x/root" """);

        System.Text.Encoding.UTF8.GetString(GuestSpec.Build(document.Spec(), Samples.Options).Config).ShouldNotContain("\"cgroupsPath\"");
    }

    /// <summary>Fields that no version has yet, anywhere, with what names something of the host.</summary>
    [Fact]
    public void NothingThatIsUnknownSlipsThrough() => Gen.Int[0, 1000].Sample(seed =>
    {
        var document = Samples.PodContainer();
        var objects = Objects(document).ToList();
        objects[seed % objects.Count][$"new{seed}"] = new JsonObject { ["path"] = "/host/secret" };

        string text;
        try
        {
            text = System.Text.Encoding.UTF8.GetString(GuestSpec.Build(document.Spec(), Samples.Options).Config);
        }
        catch (ShimException)
        {
            return; // an annotation that is no text
        }

        // Within what crun alone looks at, and a file of the host is not named by: users, capabilities, limits, system calls.
        var place = objects[seed % objects.Count].GetPath();
        if (!place.Contains(".user", StringComparison.Ordinal) && !place.Contains("capabilities", StringComparison.Ordinal) && !place.Contains("rlimits", StringComparison.Ordinal)
            && !place.Contains("seccomp", StringComparison.Ordinal) && !place.Contains("resources.devices", StringComparison.Ordinal) && !place.Contains("resources.memory", StringComparison.Ordinal))
        {
            text.ShouldNotContain("/host/secret", Case.Sensitive, place);
        }
    });

    [Fact]
    public void AnotherProcessIsRewrittenAsTheFirstIs()
    {
        var process = Samples.PodContainer()["process"]!.AsObject();
        process["ioPriority"] = new JsonObject { ["class"] = "IOPRIO_CLASS_RT" };

        var made = JsonNode.Parse(ProcessSpec.ForExec(Samples.Bytes(process), hasTerminal: true, new WindowSize(24, 80)))!.AsObject();

        made.Select(field => field.Key).ShouldBe(
            ["terminal", "user", "args", "env", "cwd", "capabilities", "rlimits", "noNewPrivileges", "consoleSize", "oomScoreAdj"], ignoreOrder: true);
        made["terminal"]!.GetValue<bool>().ShouldBeTrue();
        made["consoleSize"]!["width"]!.GetValue<int>().ShouldBe(80);
        JsonNode.Parse(ProcessSpec.ForExec(Samples.Bytes(process), hasTerminal: false, null))!["consoleSize"].ShouldBeNull();
        Should.Throw<ShimException>(() => ProcessSpec.ForExec("[]"u8, hasTerminal: false, null));
    }

    private static IEnumerable<JsonObject> Objects(JsonNode? node) => node switch
    {
        JsonObject found => found.Select(field => field.Value).SelectMany(Objects).Prepend(found),
        JsonArray list => list.SelectMany(Objects),
        _ => [],
    };

    private static Dictionary<string, string> Mounts(GuestContainer container) => JsonNode.Parse(container.Config)!["mounts"]!.AsArray().ToDictionary(
        mount => mount!["destination"]!.GetValue<string>(),
        mount => $"{mount!["type"]} {mount["source"]} {string.Join(',', mount["options"]!.AsArray())}",
        StringComparer.Ordinal);

    private static string Refusal(JsonObject document) =>
        Should.Throw<ShimException>(() => GuestSpec.Build(document.Spec(), Samples.Options)).Message;
}
