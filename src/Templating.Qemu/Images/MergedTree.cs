using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Qemu.Base;

namespace Templating.Qemu.Images;

/// <summary>Folders as one tree: a mount that is nowhere, read-only, from which no program can be started and no device opened.</summary>
internal static class MergedTree
{
    /// <summary>A folder of every host in which nothing is opened by its path meanwhile.</summary>
    private const string Scratch = "/sys";

    private const nuint Inert = MountCalls.ReadOnly | MountCalls.NoSetUid | MountCalls.NoDevices | MountCalls.NoExecute;

    /// <summary>The folder itself, without what else is mounted below it.</summary>
    public static SafeFileHandle Of(SafeFileHandle folder) => Handle(MountCalls.MountOf(folder));

    /// <summary>
    /// An overlay of them without an upper one. Each is mounted by its descriptor at a short name of its own: by the paths the kernel
    /// would follow what is a symbolic link by now, and of 128 the paths would not fit the one page it takes.
    /// </summary>
    public static SafeFileHandle Overlay(IReadOnlyList<SafeFileHandle> layers) => OwnThread.Run("image-overlay", () =>
    {
        // Of the mounts where they were opened, which the thread leaves.
        var mounts = layers.Select(Of).ToList();
        try
        {
            return Overlay(mounts);
        }
        finally
        {
            mounts.ForEach(mount => mount.Dispose());
        }
    });

    private static SafeFileHandle Overlay(List<SafeFileHandle> mounts)
    {
        Check(NamespaceCalls.Unshare(NamespaceCalls.OwnFolders | NamespaceCalls.NewMounts), "leave the host's mounts");
        Mount("none", "/", type: null, MountCalls.Recursive | MountCalls.Private);
        Mount("none", Scratch, "tmpfs", MountCalls.NoSetUid | MountCalls.NoDevices, "size=1m,nr_inodes=256,mode=0755");
        FileSystem.MakeFolder($"{Scratch}/merged", FileSystem.FolderAbove);
        // The kernel takes no overlay of one folder, and that may have whiteouts, too: one that is empty lies below it.
        List<string> names = [.. Enumerable.Range(0, Math.Max(2, mounts.Count)).Select(i => string.Create(CultureInfo.InvariantCulture, $"{Scratch}/{i}"))];
        names.ForEach(name => FileSystem.MakeFolder(name, FileSystem.FolderAbove));
        foreach (var (name, mount) in names.Zip(mounts))
        {
            Check(MountCalls.Attach(mount.DangerousGetHandle().ToInt32(), Encoding.ASCII.GetBytes(name + '\0')), "mount a layer");
        }

        Mount("overlay", $"{Scratch}/merged", "overlay", Inert, "lowerdir=" + string.Join(':', names));
        using var merged = FileSystem.Open($"{Scratch}/merged", LibC.OpenPath | LibC.OpenDirectory);
        return Handle(MountCalls.MountOf(merged));
    }

    private static SafeFileHandle Handle(int mount) =>
        mount >= 0 ? new SafeFileHandle(mount, ownsHandle: true) : throw NativeError.Last("The tree cannot be mounted for its image");

    private static void Mount(string source, string target, string? type, nuint flags, string? data = null) =>
        Check(MountCalls.Mount(source, target, type, flags, data), $"mount {source} as {type ?? "private"}");

    private static void Check(int result, string what)
    {
        if (result >= 0)
        {
            return;
        }

        var failure = NativeError.Last($"The layers cannot be merged; cannot {what}");
        throw failure.Code == ErrorCode.Internal ? new TemplatingException(ErrorCode.ImageBuildFailed, failure.Message) : failure;
    }
}
