using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Qemu.Base;
using Templating.Qemu.Confinement;

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
    /// An overlay of them without an upper one. Named by their descriptors: by paths the kernel would follow what is a symbolic link by
    /// now, and of 128 the paths would not fit the one page it takes.
    /// </summary>
    public static SafeFileHandle Overlay(IReadOnlyList<SafeFileHandle> layers) => OwnThread.Run("image-overlay", () =>
    {
        Check(NamespaceCalls.Unshare(NamespaceCalls.OwnFolders | NamespaceCalls.NewMounts), "leave the host's mounts");
        Mount("none", "/", type: null, MountCalls.Recursive | MountCalls.Private);
        Mount("none", Scratch, "tmpfs", MountCalls.NoSetUid | MountCalls.NoDevices, "size=64k,nr_inodes=16,mode=0755");
        FileSystem.MakeFolder($"{Scratch}/merged", FileSystem.FolderAbove);
        FileSystem.MakeFolder($"{Scratch}/empty", FileSystem.FolderAbove);
        var names = layers.Select(layer => string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{layer.DangerousGetHandle()}"));
        // The kernel takes no overlay of one folder, and that may have whiteouts, too.
        var all = layers.Count == 1 ? names.Append($"{Scratch}/empty") : names;
        Mount("overlay", $"{Scratch}/merged", "overlay", Inert, "lowerdir=" + string.Join(':', all));
        using var merged = FileSystem.Open($"{Scratch}/merged", LibC.OpenPath | LibC.OpenDirectory);
        return Handle(MountCalls.MountOf(merged));
    });

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
