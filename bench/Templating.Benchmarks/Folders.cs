using System.Globalization;

namespace Templating.Benchmarks;

/// <summary>Everything the run writes, in one folder with a short path (sockets have 107 bytes); deleted at the end.</summary>
internal sealed class Folders : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("tb-");

    public Folders() =>
        // The VMs' own users must get through to their files.
        _root.UnixFileMode |= UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Of a second daemon: two have no user in common, or the later one does not start.</summary>
    public const string OtherFirstUid = "2000100000";

    /// <summary>VMs that the daemon is to have waiting for any template.</summary>
    public int Blanks { get; init; }

    /// <summary>Of those that the daemon's VMs run as.</summary>
    public string FirstUid { get; init; } = "2000000000";

    public string Root => _root.FullName;

    public string Store => Path.Combine(Root, "store");

    public string Run => Path.Combine(Root, "run");

    public string Socket => Path.Combine(Run, "templating.sock");

    /// <summary>Of what the sandboxes' image is made.</summary>
    public string Image => Path.Combine(Root, "image");

    public string Log => Path.Combine(Root, "daemon.log");

    /// <summary>What `templating serve` is to know (docs/cli.md).</summary>
    public IReadOnlyDictionary<string, string> DaemonEnvironment => new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["TEMPLATING_STORE_PATH"] = Store,
        ["TEMPLATING_RUN_PATH"] = Run,
        ["TEMPLATING_IMAGES_FOLDERS"] = Root,
        // Clones idle here; as many as the machine has room for are to be admitted.
        ["TEMPLATING_MEMORY_OVERCOMMIT"] = "64",
        ["TEMPLATING_CLONE_OVERHEAD"] = "8MiB",
        ["TEMPLATING_MAX_CLONES"] = "10000",
        ["TEMPLATING_BLANKS_COUNT"] = Blanks.ToString(CultureInfo.InvariantCulture),
        ["TEMPLATING_VM_USERS_FIRST_UID"] = FirstUid,
    };

    /// <summary>Of the bare driver: its sockets and QEMU's output.</summary>
    public string Bare => Path.Combine(Root, "bare");

    /// <summary>RAM and state of the template made Kata's way, sockets of its clones.</summary>
    public string Kata => Path.Combine(Root, "kata");

    public void Dispose() => _root.Delete(recursive: true);
}
