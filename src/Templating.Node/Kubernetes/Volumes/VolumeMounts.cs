using System.Runtime.InteropServices;
using Templating.Contract;
using Templating.Core.Linux;

namespace Templating.Node.Kubernetes.Volumes;

/// <summary>Real mounts: a small tmpfs of ours, and in it the files bound one by one, so that a pod sees no folder of the store.</summary>
public sealed class VolumeMounts : IVolumeMounts
{
    /// <summary>What tells our tmpfs from others in the mount table.</summary>
    internal const string Source = "templating.dev";

    // A pod can fill nothing but this: 64 KiB and 64 names, charged to its own cgroup.
    private const string TmpfsOptions = "size=64k,nr_inodes=64,mode=0755";

    private const UnixFileMode OpenFolder = FileSystem.SealedFolder | UnixFileMode.UserWrite;

    private const UnixFileMode SharedFolder = UnixFileMode.StickyBit | OpenFolder | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    // More of our mounts on one place than this is not of our making.
    private const int MaxStacked = 16;

    public bool IsMounted(string target) => MountTable.At(target).LastOrDefault() is { Type: "tmpfs", Source: Source };

    public void Mount(string target, IReadOnlyList<(string Source, string Place)> files)
    {
        FileSystem.MakeFolder(target, FileSystem.OwnerOnlyFolder);
        const nuint Flags = MountCalls.NoSetUid | MountCalls.NoDevices | MountCalls.NoExecute;
        FileSystem.Check(MountCalls.Mount(Source, target, "tmpfs", Flags, TmpfsOptions), "mount a tmpfs at", target);
        foreach (var folder in VolumeLayout.Folders)
        {
            // The mode by itself: the umask does not hold here.
            FileSystem.MakeFolder(
                Path.Combine(target, folder), string.Equals(folder, VolumeLayout.SocketFolder, StringComparison.Ordinal) ? SharedFolder : OpenFolder);
        }

        foreach (var (source, place) in files)
        {
            Bind(source, Path.Combine(target, place));
        }
    }

    public void Unmount(string target)
    {
        for (var i = 0; i < MaxStacked && MountTable.At(target).LastOrDefault() is { } top; i++)
        {
            if (top is not { Type: "tmpfs", Source: Source })
            {
                throw new IOException($"{target} has a {top.Type} of {top.Source} mounted, which is not ours. Unmount it by hand.");
            }

            // Lazily: a pod's process that ends late must not keep the volume, and what is bound in it goes with it.
            if (MountCalls.Unmount(target, MountCalls.Detach | MountCalls.NoFollow) != 0
                && Marshal.GetLastPInvokeError() is not (Errno.NoEntry or 22 /* EINVAL: another was faster */))
            {
                throw FileSystem.LastError("unmount", target);
            }
        }

        if (!FileSystem.TryRemoveEmptyFolder(target) && FileStamp.TryRead(target) is not null)
        {
            throw new IOException($"{target} is not empty once nothing of ours is mounted there. Look at what is in it and remove it by hand.");
        }
    }

    private static void Bind(string source, string place)
    {
        using (FileSystem.MakeFile(place, FileSystem.ReadableByAll))
        {
            // Only something to mount on.
        }

        // By the descriptor of what was looked at: a name could lead elsewhere by now.
        using var file = FileSystem.OpenRegular(source, LibC.OpenReadOnly, out _);
        var path = $"/proc/self/fd/{file.DangerousGetHandle()}";
        FileSystem.Check(MountCalls.Mount(path, place, type: null, MountCalls.Bind, data: null), $"bind {source} to", place);
        const nuint Flags = MountCalls.Remount | MountCalls.Bind | MountCalls.ReadOnly
            | MountCalls.NoSetUid | MountCalls.NoDevices | MountCalls.NoExecute;
        FileSystem.Check(MountCalls.Mount("none", place, type: null, Flags, data: null), "make read-only", place);
    }
}
