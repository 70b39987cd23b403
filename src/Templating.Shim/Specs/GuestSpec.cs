using System.Text.Json.Nodes;
using Templating.Shim.Errors;

namespace Templating.Shim.Specs;

/// <summary>
/// From the host's <c>config.json</c> to the guest's (docs/guest-protocol.md, "What the owner writes into a config.json"). What is known
/// is taken over, and nothing else: a field that names a thing of the host cannot slip through by being new.
/// </summary>
internal static class GuestSpec
{
    private const int MaxBytes = 1 << 20;
    private const int MaxMounts = 512;
    private const int MaxDevices = 4096;
    private const int MaxPageSizes = 64;

    private const string PodNetwork = "/run/templating/netns/pod";

    /// <summary>Where the guest has made one for the pod.</summary>
    public const string PodProcesses = "/run/templating/pidns/pod";

    /// <summary>The whole guest is the pod's, and so its own IPC namespace is the one that the pod's containers share.</summary>
    private const string PodIpc = "/proc/1/ns/ipc";

    /// <summary>The versions that crun 1.8 reads; nothing of a later one is taken over.</summary>
    private const string Version = "1.0.2";

    /// <summary>Those that any container has: crun makes them.</summary>
    private static readonly HashSet<string> UsualDevices = new(StringComparer.Ordinal)
    {
        "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/console", "/dev/ptmx",
    };

    /// <summary>Refuses a pod that asks for the host's network or processes: its sandbox is the only one whose specification tells.</summary>
    public static void CheckSandbox(BundleSpec spec)
    {
        var faults = new SpecFaults();
        FindHostNamespaces(spec, faults);
        faults.ThrowIfAny("The pod cannot run in a VM of its own");
    }

    /// <summary>Finds all that a VM cannot give, before anything is done.</summary>
    /// <exception cref="ShimException">With all that was found.</exception>
    public static GuestContainer Build(BundleSpec spec, GuestSpecOptions options)
    {
        var faults = new SpecFaults();
        FindHostNamespaces(spec, faults);
        var mounts = new GuestMounts(spec, options, faults);
        foreach (var mount in spec.Document.Children("mounts", MaxMounts))
        {
            mounts.Add(mount);
        }

        var config = new JsonObject
        {
            ["ociVersion"] = Version,
            ["process"] = ProcessSpec.Rewrite(
                spec.Document.Child("process") ?? throw ShimException.Invalid("config.json has no process."), options.Terminal),
            ["root"] = new JsonObject { ["path"] = options.RootPath, ["readonly"] = spec.Document.Child("root").Flag("readonly") },
            ["mounts"] = mounts.Result,
            ["linux"] = Linux(spec, options, faults),
        };
        if ((options.Sandbox ?? spec).Hostname is { Length: > 0 } hostname)
        {
            config["hostname"] = hostname;
        }

        faults.ThrowIfAny("The container cannot run in a VM of its own");
        var bytes = SpecJson.Write(config);
        return bytes.Length <= MaxBytes
            ? new GuestContainer(bytes, mounts.Copies, mounts.Folders, mounts.TerminationLog)
            : throw ShimException.Invalid(
                $"The container's specification has {bytes.Length} bytes, and the guest takes {MaxBytes}: give it fewer or shorter arguments and environment variables.");
    }

    private static void FindHostNamespaces(BundleSpec spec, SpecFaults faults)
    {
        const string Instead = "leave it out, or run the pod without this runtime class";
        if (spec.Kind == ContainerKind.PodSandbox ? spec.NetworkNamespace is null : !spec.Namespaces.ContainsKey("network"))
        {
            faults.Add($"hostNetwork: the node's network was asked for, and a VM has its own: {Instead}");
        }

        if (!spec.Namespaces.ContainsKey("pid"))
        {
            faults.Add($"hostPID: the node's processes were asked for, and a VM cannot see them: {Instead}");
        }

        if (!spec.Namespaces.ContainsKey("ipc"))
        {
            faults.Add($"hostIPC: the node's IPC was asked for, and a VM cannot reach it: {Instead}");
        }
    }

    private static JsonObject Linux(BundleSpec spec, GuestSpecOptions options, SpecFaults faults)
    {
        var linux = spec.Document.Child("linux") ?? throw ShimException.Invalid("config.json has no linux.");
        var disks = BlockDevices.Of(spec);
        FindDevices(linux, disks, faults);
        var kept = linux.Keep("maskedPaths", "readonlyPaths", "seccomp", "sysctl");
        // Of a process of the host that answers for system calls.
        (kept["seccomp"] as JsonObject)?.Remove("listenerPath");
        (kept["seccomp"] as JsonObject)?.Remove("listenerMetadata");
        foreach (var (name, value) in options.Sandbox?.Document.Child("linux").Child("sysctl") ?? [])
        {
            kept["sysctl"] ??= new JsonObject();
            kept["sysctl"]![name] = value?.DeepClone();
        }

        kept["namespaces"] = GuestNamespaces(spec, options, faults);
        if (linux.Child("resources") is { } resources)
        {
            kept["resources"] = Resources(resources, options, faults);
        }

        if (disks.Count > 0)
        {
            kept["devices"] = BlockDevices.Nodes(linux, options.Devices);
        }

        return kept;
    }

    private static JsonArray GuestNamespaces(BundleSpec spec, GuestSpecOptions options, SpecFaults faults)
    {
        // Of the guest's cgroups a container sees its own alone, as with runc where the host has version 2, too: programs read their limits there.
        var namespaces = new JsonArray(Namespace("network", PodNetwork), Namespace("ipc", PodIpc), Namespace("uts"), Namespace("mount"), Namespace("cgroup"));
        if (spec.Namespaces.GetValueOrDefault("pid") is not { Length: > 0 })
        {
            namespaces.Add((JsonNode)Namespace("pid"));
        }
        else if (options.SharedPidNamespace is { } shared)
        {
            namespaces.Add((JsonNode)Namespace("pid", shared));
        }
        else
        {
            faults.Add(
                "the processes of another container were asked for (a debugging container's target), and in this pod each container has its own: leave " +
                "the target out, or set shareProcessNamespace for the whole pod");
        }

        return namespaces;
    }

    private static JsonObject Namespace(string type, string? path = null)
    {
        var made = new JsonObject { ["type"] = type };
        if (path is not null)
        {
            made["path"] = path;
        }

        return made;
    }

    private static void FindDevices(JsonObject linux, IReadOnlyList<BlockDevice> disks, SpecFaults faults)
    {
        var found = linux.Children("devices", MaxDevices).Where(device => !UsualDevices.Contains(device.Text("path") ?? "")).ToList();
        if (found.Count == 0)
        {
            return;
        }

        if (linux.Child("resources").Children("devices", MaxDevices).Any(IsForAll))
        {
            faults.Add(
                $"securityContext.privileged: it brings the node's devices ({Names(found)}), and a VM has none of them: leave it out, or set " +
                "privileged_without_host_devices for this runtime in containerd's configuration, which makes it privileged in its VM alone");
            return;
        }

        if (found.Where(device => device.Text("type") != "b").ToList() is { Count: > 0 } others)
        {
            faults.Add($"devices: {Names(others)} is a device of the node, and a VM has its own: leave it out, or run the pod without this runtime class");
        }

        BlockDevices.Check(disks, faults);
    }

    private static string Names(List<JsonObject> devices) =>
        string.Join(", ", devices.Take(3).Select(device => device.Text("path"))) + (devices.Count > 3 ? $" and {devices.Count - 3} more" : "");

    private static bool IsForAll(JsonObject rule) => rule.Flag("allow") && rule.Text("type") is null or "a" && rule.Number("major") is null or -1;

    private static JsonObject Resources(JsonObject resources, GuestSpecOptions options, SpecFaults faults)
    {
        foreach (var limit in resources.Children("hugepageLimits", MaxPageSizes))
        {
            if (limit.Number("limit") is > 0)
            {
                faults.Add($"limits.hugepages-{limit.Text("pageSize")}: a VM that was cloned has no huge pages: leave it out");
            }
        }

        var kept = resources.Keep("pids");
        if (resources.List("devices", MaxDevices) is not null)
        {
            kept["devices"] = BlockDevices.Rules(resources, options.Devices);
        }

        // What cgroup v2 has; and cores of the host are not there.
        kept["memory"] = (resources.Child("memory") ?? []).Keep("limit", "reservation", "swap");
        kept["cpu"] = (resources.Child("cpu") ?? []).Keep("shares", "quota", "period");
        return kept;
    }
}
