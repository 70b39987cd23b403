using System.Runtime.InteropServices;

namespace Templating.Testing.Nodes;

internal static partial class Mounts
{
    // sys/mount.h: gone from the tree now, from the kernel when nobody uses it any more.
    private const int MntDetach = 2;

    /// <summary>False when nothing was mounted there.</summary>
    public static bool Detach(string path) => Unmount(path, MntDetach) == 0;

    [LibraryImport("libc", EntryPoint = "umount2", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Unmount(string path, int flags);
}
