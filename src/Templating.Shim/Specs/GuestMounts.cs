using System.Text.Json.Nodes;

namespace Templating.Shim.Specs;

/// <summary>A specification's mounts, one by one: which stay, what the guest must have for the others, and which cannot be.</summary>
internal sealed class GuestMounts(BundleSpec spec, GuestSpecOptions options, SpecFaults faults)
{
    private const int MaxOptions = 64;

    /// <summary>File systems that a kernel makes: the guest's does it as well.</summary>
    private static readonly HashSet<string> KernelTypes =
        new(StringComparer.Ordinal) { "proc", "sysfs", "cgroup", "cgroup2", "devpts", "mqueue", "tmpfs" };

    private static readonly HashSet<string> BindOptions = new(StringComparer.Ordinal) { "ro", "rw", "nosuid", "nodev", "noexec" };

    /// <summary>The runtime mounts a pod's with them on the host; the bind mount inherits them there.</summary>
    private static readonly string[] SharedMemoryOptions = ["nosuid", "nodev", "noexec"];

    private readonly List<VolumeCopy> _copies = [];
    private readonly List<GuestFolder> _folders = [];

    public JsonArray Result { get; } = [];

    public IReadOnlyList<VolumeCopy> Copies => _copies;

    public IReadOnlyList<GuestFolder> Folders => _folders;

    public TerminationLog? TerminationLog { get; private set; }

    public void Add(JsonObject mount)
    {
        var (destination, source, type) = (mount.Text("destination") ?? "", mount.Text("source") ?? "", mount.Text("type") ?? "");
        var said = mount.Texts("options", MaxOptions).ToList();
        if (type is "bind" or "" || said.Contains("bind") || said.Contains("rbind"))
        {
            Bind(destination, source, said);
        }
        else if (KernelTypes.Contains(type))
        {
            Result.Add((JsonNode)Mount(destination, type, type, said));
        }
        else
        {
            faults.Add($"mount {destination}: a file system of type {type} is the node's, and a VM shares none with it: leave it out");
        }
    }

    private void Bind(string destination, string source, List<string> said)
    {
        var found = MountSource.Of(spec, source);
        switch (found.Kind)
        {
            case MountKind.Copied:
                AddOnce(_copies, new VolumeCopy(source, found.Key, found.Follow, found.OfContainer));
                Bind(destination, GuestRoots.Volumes, found.Key, said);
                break;
            case MountKind.TerminationLog:
                TerminationLog = new TerminationLog(source, found.Key);
                AddOnce(_copies, new VolumeCopy(source, found.Key, Follow: false, OfContainer: true));
                Bind(destination, GuestRoots.Volumes, found.Key, said);
                break;
            case MountKind.EmptyDirectory or MountKind.SharedMemory:
                AddOnce(_folders, new GuestFolder(found.Key, GuestRoots.Folder, source, OwnRoot: true));
                Bind(destination, found.Key, GuestRoots.Folder, found.Kind == MountKind.SharedMemory ? [.. said, .. SharedMemoryOptions] : said);
                break;
            case MountKind.ImageVolume when spec.Document.Child("root").Flag("readonly"):
                faults.Add(
                    $"mount {destination}: the image declares it a VOLUME, which could not be written to in a read-only root: mount an emptyDir there, or " +
                    "leave readOnlyRootFilesystem out");
                break;
            case MountKind.ImageVolume:
                // The root lives as long as the container, and takes what is written, as such a volume does.
                AddOnce(_folders, new GuestFolder(options.RootName, destination.Trim('/'), source, OwnRoot: false));
                break;
            default:
                faults.Add($"mount {destination} from {source}: {found.Key}");
                break;
        }
    }

    private void Bind(string destination, string root, string path, List<string> said) =>
        Result.Add((JsonNode)Mount(
            destination, "bind", GuestRoots.PathOf(root, path),
            ["rbind", "rprivate", .. said.Select(option => option == "rro" ? "ro" : option).Where(BindOptions.Contains)]));

    private static JsonObject Mount(string destination, string type, string source, IEnumerable<string> said) => new()
    {
        ["destination"] = destination,
        ["type"] = type,
        ["source"] = source,
        ["options"] = new JsonArray([.. said.Select(option => (JsonNode)option)]),
    };

    private static void AddOnce<T>(List<T> to, T item)
    {
        if (!to.Contains(item))
        {
            to.Add(item);
        }
    }
}
