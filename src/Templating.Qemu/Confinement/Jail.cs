using Microsoft.Win32.SafeHandles;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Qemu.Base;

namespace Templating.Qemu.Confinement;

/// <summary>
/// Where VMs start and live: a mount namespace with nothing in it but the programs, read-only, and a network namespace with
/// no interface. QEMU finds its libraries and firmware there while it starts; <see cref="Empty"/> takes them away before its
/// guest runs. Whoever escapes into a QEMU sees an empty, read-only folder and the descriptors QEMU was given.
/// </summary>
internal sealed class Jail : IDisposable
{
    /// <summary>What the programs need besides their own files: /proc/self/fd leads to the files that are handed over.</summary>
    private static readonly string[] Devices = ["null", "urandom", "kvm"];

    /// <summary>Over it the new root is mounted while it is made: a folder of every host in which no program lies.</summary>
    private const string Scratch = "/sys";

    /// <summary>For folders and links; nothing is written there.</summary>
    private const string RootSize = "size=256k,nr_inodes=64,mode=0755";

    /// <summary>Of what no program is started from.</summary>
    private const nuint Inert = MountCalls.NoSetUid | MountCalls.NoDevices | MountCalls.NoExecute;

    private static readonly string[] ProgramFolders = ["bin", "lib", "lib32", "lib64", "libx32", "sbin"];

    private readonly SafeFileHandle _mounts;
    private readonly SafeFileHandle _network;
    private readonly List<string> _targets;

    private Jail(SafeFileHandle mounts, SafeFileHandle network, List<string> targets) =>
        (_mounts, _network, _targets) = (mounts, network, targets);

    /// <param name="programs">Paths of the programs that are to start there.</param>
    /// <exception cref="TemplatingException">Internal: what the kernel refuses.</exception>
    public static Jail Make(IEnumerable<string> programs) => OwnThread.Run("jail-maker", () =>
    {
        Check(NamespaceCalls.Unshare(NamespaceCalls.OwnFolders | NamespaceCalls.NewMounts | NamespaceCalls.NewNetwork),
            "leave the host's namespaces");
        var targets = Furnish(programs);
        var jail = new Jail(OpenNamespace("/proc/thread-self/ns/mnt"), OpenNamespace("/proc/thread-self/ns/net"), targets);
        // What runs later on the threads of VMs must have been bound before: in the jail no library is found.
        Check(NamespaceCalls.Enter(jail._network.DangerousGetHandle().ToInt32(), NamespaceCalls.NewNetwork), "enter the jail's network");
        return jail;
    });

    /// <summary>Takes the calling thread, and what it starts, into a copy of the jail of its own. There is no way back.</summary>
    public void Enter()
    {
        Check(NamespaceCalls.Unshare(NamespaceCalls.OwnFolders), "leave the daemon's folders");
        Check(NamespaceCalls.Enter(_network.DangerousGetHandle().ToInt32(), NamespaceCalls.NewNetwork), "enter the jail's network");
        Check(NamespaceCalls.Enter(_mounts.DangerousGetHandle().ToInt32(), NamespaceCalls.NewMounts), "enter the jail");
        // A namespace of its own: emptying one VM's leaves the next one's programs where they are.
        Check(NamespaceCalls.Unshare(NamespaceCalls.NewMounts), "copy the jail");
    }

    /// <summary>Takes everything out of the namespace of a process that has started: what it has open stays open.</summary>
    /// <param name="pid">The process.</param>
    /// <param name="shown">What it was shown besides.</param>
    /// <exception cref="TemplatingException">IsolationViolated: something is left. Internal.</exception>
    public void Empty(int pid, IEnumerable<string> shown)
    {
        string[] targets = [.. shown, .. _targets];
        VmMounts.Change(
            pid, () => Array.Exists(targets, target => MountCalls.Unmount(target, MountCalls.Detach | MountCalls.NoFollow) < 0) ? -1 : 0,
            "take the programs from the VM's sight");
        var left = File.ReadLines($"/proc/{pid}/mountinfo").Count();
        if (left != 1)
        {
            throw new TemplatingException(ErrorCode.IsolationViolated,
                $"QEMU's mount namespace has {left} mounts where its empty root alone is expected. The VM was ended before its guest ran.");
        }
    }

    public void Dispose()
    {
        _mounts.Dispose();
        _network.Dispose();
    }

    /// <returns>What is mounted in the new root, in the order in which it is to be taken away.</returns>
    private static List<string> Furnish(IEnumerable<string> programs)
    {
        Mount("none", "/", type: null, MountCalls.Recursive | MountCalls.Private);
        var folders = programs.Select(program => TopFolder(Memory.RealPaths.Of(program))).Append("usr").Distinct(StringComparer.Ordinal).ToList();
        Mount("none", Scratch, "tmpfs", Inert, RootSize);
        var targets = new List<string>();
        foreach (var folder in ProgramFolders.Where(folder => new FileInfo("/" + folder).LinkTarget is not null))
        {
            File.CreateSymbolicLink($"{Scratch}/{folder}", new FileInfo("/" + folder).LinkTarget!);
        }

        foreach (var folder in folders.Concat(ProgramFolders).Where(f => Directory.Exists("/" + f) && new FileInfo("/" + f).LinkTarget is null)
                     .Distinct(StringComparer.Ordinal))
        {
            FileSystem.MakeFolder($"{Scratch}/{folder}", FileSystem.FolderAbove);
            Bind("/" + folder, $"{Scratch}/{folder}", MountCalls.NoSetUid | MountCalls.NoDevices, targets);
        }

        FileSystem.MakeFolder($"{Scratch}/proc", FileSystem.FolderAbove);
        Bind("/proc", $"{Scratch}/proc", Inert, targets);
        FileSystem.MakeFolder($"{Scratch}/etc", FileSystem.FolderAbove);
        if (File.Exists("/etc/ld.so.cache"))
        {
            File.WriteAllBytes($"{Scratch}/etc/ld.so.cache", []);
            Bind("/etc/ld.so.cache", $"{Scratch}/etc/ld.so.cache", Inert, targets);
        }

        FileSystem.MakeFolder($"{Scratch}/dev", FileSystem.FolderAbove);
        foreach (var device in Devices.Where(device => File.Exists("/dev/" + device)))
        {
            File.WriteAllBytes($"{Scratch}/dev/{device}", []);
            Bind("/dev/" + device, $"{Scratch}/dev/{device}", MountCalls.NoSetUid | MountCalls.NoExecute, targets);
        }

        foreach (var place in MemoryPlaces.All.Prepend(ImagePlace.Path))
        {
            File.WriteAllBytes(Scratch + place, []);
        }

        // pivot_root(2): with both the same, the old root lies on top of the new one, and is taken off from there.
        Check(NamespaceCalls.ChangeFolder(Scratch), "enter the new root");
        Check(NamespaceCalls.PivotToWorkingFolder(), "change the root");
        Check(MountCalls.Unmount(".", MountCalls.Detach), "leave the old root");
        Check(NamespaceCalls.ChangeFolder("/"), "enter the new root");
        Mount("none", "/", type: null, MountCalls.Remount | MountCalls.ReadOnly | Inert, RootSize);
        return targets.ConvertAll(target => target[Scratch.Length..]);
    }

    /// <summary>The host's folder of a program that is not in /usr: /opt, /nix.</summary>
    private static string TopFolder(string path) => path.Split('/', 3, StringSplitOptions.RemoveEmptyEntries)[0];

    private static void Bind(string source, string target, nuint flags, List<string> targets)
    {
        // With what is mounted below it: a package may lie on a filesystem of its own.
        Mount(source, target, type: null, MountCalls.Bind | MountCalls.Recursive);
        Mount("none", target, type: null, MountCalls.Remount | MountCalls.Bind | MountCalls.ReadOnly | flags);
        targets.Add(target);
    }

    private static void Mount(string source, string target, string? type, nuint flags, string? data = null) =>
        Check(MountCalls.Mount(source, target, type, flags, data), $"mount {source} at {target}");

    private static SafeFileHandle OpenNamespace(string path)
    {
        var fd = LibC.Open(path, LibC.OpenReadOnly | LibC.OpenCloseOnExec, 0);
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw NativeError.Last($"Cannot open {path}");
    }

    private static void Check(int result, string what)
    {
        if (result < 0)
        {
            throw NativeError.Last($"The VMs' empty namespace cannot be made; cannot {what}");
        }
    }
}
