using Microsoft.Win32.SafeHandles;
using Templating.Core.Linux;
using Templating.Qemu.Base;
using Templating.Qemu.Confinement;

namespace Templating.Qemu.Images;

/// <summary>
/// What the maker of an image sees: the programs and the tree, read-only, and the one file it writes. No process but its own, no
/// network, and no calls that would lead out, such as open_by_handle_at(2), by which CAP_DAC_READ_SEARCH alone reads any file of
/// the tree's disk.
/// </summary>
internal static class BuilderRoot
{
    public const string Tree = "/tree";
    public const string Output = "/image";

    private const string Scratch = "/sys";
    private const string RootSize = "size=64k,nr_inodes=32,mode=0755";
    private const nuint Inert = MountCalls.NoSetUid | MountCalls.NoDevices | MountCalls.NoExecute;

    private static readonly string[] ProgramFolders = ["bin", "lib", "lib32", "lib64", "libx32", "sbin"];

    /// <summary>Takes the calling thread, and what it starts, there. There is no way back.</summary>
    /// <param name="tree">A mount that is nowhere yet.</param>
    /// <param name="output">The file, by its path.</param>
    public static void Enter(SafeFileHandle tree, string output)
    {
        Check(NamespaceCalls.Unshare(NamespaceCalls.OwnFolders | NamespaceCalls.NewMounts | NamespaceCalls.NewNetwork | NamespaceCalls.NewMessages),
            "leave the host's namespaces");
        Mount("none", "/", type: null, MountCalls.Recursive | MountCalls.Private);
        Mount("none", Scratch, "tmpfs", Inert, RootSize);
        Bind("/usr", $"{Scratch}/usr", isFolder: true, MountCalls.ReadOnly | MountCalls.NoSetUid | MountCalls.NoDevices);
        foreach (var folder in ProgramFolders)
        {
            if (new FileInfo("/" + folder).LinkTarget is { } target)
            {
                File.CreateSymbolicLink($"{Scratch}/{folder}", target);
            }
            else if (Directory.Exists("/" + folder))
            {
                Bind("/" + folder, $"{Scratch}/{folder}", isFolder: true, MountCalls.ReadOnly | MountCalls.NoSetUid | MountCalls.NoDevices);
            }
        }

        FileSystem.MakeFolder($"{Scratch}/etc", FileSystem.FolderAbove);
        if (File.Exists("/etc/ld.so.cache"))
        {
            Bind("/etc/ld.so.cache", $"{Scratch}/etc/ld.so.cache", isFolder: false, MountCalls.ReadOnly | Inert);
        }

        FileSystem.MakeFolder($"{Scratch}/dev", FileSystem.FolderAbove);
        Bind("/dev/null", $"{Scratch}/dev/null", isFolder: false, MountCalls.NoSetUid | MountCalls.NoExecute);
        Bind(output, Scratch + Output, isFolder: false, Inert);
        FileSystem.MakeFolder(Scratch + Tree, FileSystem.FolderAbove);
        Check(MountCalls.Attach(tree.DangerousGetHandle().ToInt32(), "/sys/tree\0"u8), "mount the tree");
        // pivot_root(2): with both the same, the old root lies on top of the new one, and is taken off from there.
        Check(NamespaceCalls.ChangeFolder(Scratch), "enter the new root");
        Check(NamespaceCalls.PivotToWorkingFolder(), "change the root");
        Check(MountCalls.Unmount(".", MountCalls.Detach), "leave the old root");
        Check(NamespaceCalls.ChangeFolder("/"), "enter the new root");
        Mount("none", "/", type: null, MountCalls.Remount | MountCalls.ReadOnly | Inert, RootSize);
        // Last: from here on the thread can start no other thread, as little as it may.
        Check(NamespaceCalls.Unshare(NamespaceCalls.NewProcesses), "leave the host's processes");
        // Who would answer its requests for sockets is closed, and so each fails.
        _ = DescriptorCalls.Close(CallFilter.Apply());
    }

    private static void Bind(string source, string target, bool isFolder, nuint flags)
    {
        if (isFolder)
        {
            FileSystem.MakeFolder(target, FileSystem.FolderAbove);
        }
        else
        {
            File.WriteAllBytes(target, []);
        }

        Mount(source, target, type: null, MountCalls.Bind | (isFolder ? MountCalls.Recursive : 0));
        Mount("none", target, type: null, MountCalls.Remount | MountCalls.Bind | flags);
    }

    private static void Mount(string source, string target, string? type, nuint flags, string? data = null) =>
        Check(MountCalls.Mount(source, target, type, flags, data), $"mount {source} at {target}");

    private static void Check(int result, string what)
    {
        if (result < 0)
        {
            throw NativeError.Last($"The image's maker cannot be confined; cannot {what}");
        }
    }
}
