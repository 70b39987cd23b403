namespace Templating.Shim.Specs;

internal enum MountKind
{
    /// <summary>Of the host, and nothing that a VM can have.</summary>
    Refused,

    /// <summary>A file, or a folder of a kind that has little in it: copied.</summary>
    Copied,

    EmptyDirectory,

    /// <summary>The pod's /dev/shm.</summary>
    SharedMemory,

    TerminationLog,

    /// <summary>What an image declares as a VOLUME.</summary>
    ImageVolume,
}

/// <summary>What a bind mount's source is, by its path: kubelet's and the runtime's own folders have fixed names.</summary>
/// <param name="Kind">What becomes of it.</param>
/// <param name="Key">A name for it that is the same for all containers of the pod; of what is refused, what it is and what to do instead.</param>
/// <param name="Follow">Whether kubelet changes it later.</param>
/// <param name="OfContainer">Whether it is that container's alone.</param>
internal readonly record struct MountSource(MountKind Kind, string Key, bool Follow = false, bool OfContainer = false)
{
    private const string PluginPrefix = "kubernetes.io~";
    private const string EmptyDirectory = "empty-dir";

    /// <summary>A key is one name, and a root's, too.</summary>
    private const int MaxName = 63;

    private static readonly string[] CopiedKinds = ["configmap", "secret", "projected", "downward-api"];

    private const string HostPath =
        "a path of the node (hostPath): a VM shares no file system with its node; use an emptyDir, a ConfigMap or a Secret, put it into the image, " +
        "or run the pod without this runtime class";

    public static MountSource Of(BundleSpec spec, string source)
    {
        if (spec.Kind == ContainerKind.Single)
        {
            return Refuse("a path of the host: a VM shares no file system with it; put it into the image, or give the container without it");
        }

        // By its parts, so none may lead elsewhere.
        var parts = source.Split('/');
        return source.Length == 0 || parts[0].Length > 0 || parts.Skip(1).Any(part => part is "" or "." or "..")
            ? Refuse(HostPath)
            : OfRuntime(spec, parts) ?? OfKubelet(spec, parts, source) ?? Refuse(HostPath);
    }

    /// <summary>containerd's: .../io.containerd.grpc.v1.cri/{sandboxes,containers}/ID/...</summary>
    private static MountSource? OfRuntime(BundleSpec spec, string[] parts)
    {
        var at = Array.IndexOf(parts, "io.containerd.grpc.v1.cri");
        return at < 0 ? null : parts[(at + 1)..] switch
        {
            ["sandboxes", var id, "shm"] when id == spec.SandboxId => new(MountKind.SharedMemory, GuestRoots.SharedMemory),
            ["sandboxes", var id, "hosts" or "hostname" or "resolv.conf"] when id == spec.SandboxId =>
                new(MountKind.Copied, $"runtime.{parts[^1]}", Follow: true),
            ["containers", var id, "volumes", _] when id == spec.Id => new(MountKind.ImageVolume, ""),
            _ => null,
        };
    }

    /// <summary>kubelet's: .../pods/UID/...</summary>
    private static MountSource? OfKubelet(BundleSpec spec, string[] parts, string source)
    {
        var at = Array.IndexOf(parts, "pods");
        if (at < 0 || parts.Length < at + 3 || (spec.PodUid is { } uid && parts[at + 1] != uid))
        {
            return null;
        }

        switch (parts[(at + 2)..])
        {
            case ["etc-hosts"]:
                return new(MountKind.Copied, "kubelet.hosts", Follow: true);
            case ["containers", var container, _] when spec.ContainerName is null || container == spec.ContainerName:
                return new(MountKind.TerminationLog, $"termination.{spec.Id}", OfContainer: true);
            case ["volumes", var plugin, var name, .. var below] when plugin.StartsWith(PluginPrefix, StringComparison.Ordinal):
                return OfVolume(plugin[PluginPrefix.Length..], name, below.Length);
            case ["volume-subpaths", var volume, var container, var index] when IsName(volume):
                return OfPart(string.Join('/', parts[..(at + 2)]), volume, $"subpath.{volume}.{container}.{index}.{spec.Id}", source);
            default:
                return null;
        }
    }

    private static MountSource OfVolume(string plugin, string name, int partsBelow) => plugin switch
    {
        _ when !IsName(name) => Refuse(HostPath),
        _ when partsBelow == 0 && CopiedKinds.Contains(plugin) => new(MountKind.Copied, $"{plugin}.{name}", Follow: true),
        EmptyDirectory when partsBelow == 0 => new(MountKind.EmptyDirectory, GuestRoots.EmptyDirectory + name),
        _ => Refuse(
            $"volume {name} of kind {plugin}: a file system of the node cannot be shared with a VM; use an emptyDir, or reach the data over the " +
            "network from within the pod"),
    };

    /// <summary>A subPath: the path does not say of what kind its volume is, but kubelet has that volume's folder, too.</summary>
    private static MountSource OfPart(string pod, string volume, string key, string source)
    {
        // kubelet looked up the subPath's links once and for all: such a mount does not follow changes with runc either.
        if (CopiedKinds.Any(kind => Directory.Exists($"{pod}/volumes/{PluginPrefix}{kind}/{volume}")))
        {
            return new(MountKind.Copied, key, OfContainer: true);
        }

        return Refuse(Directory.Exists($"{pod}/volumes/{PluginPrefix}{EmptyDirectory}/{volume}")
            ? $"a subPath of emptyDir {volume}: which folder of it is not told to the runtime; mount the whole volume, and use the folder in it"
            : $"a subPath of volume {volume} ({source}): a file system of the node cannot be shared with a VM; use an emptyDir or a ConfigMap");
    }

    /// <summary>As Kubernetes has names of volumes, and so one that may be part of a root's.</summary>
    private static bool IsName(string name) =>
        name.Length is > 0 and <= MaxName && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_') && name[0] is not ('.' or '-');

    private static MountSource Refuse(string why) => new(MountKind.Refused, why);
}
