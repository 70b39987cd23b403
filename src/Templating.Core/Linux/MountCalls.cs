using System.Runtime.InteropServices;

namespace Templating.Core.Linux;

/// <summary>mount(2) and umount2(2); values of linux/mount.h.</summary>
internal static partial class MountCalls
{
    public const nuint ReadOnly = 1;
    public const nuint NoSetUid = 2;
    public const nuint NoDevices = 4;
    public const nuint NoExecute = 8;
    public const nuint Remount = 32;
    public const nuint Bind = 4096;
    public const nuint Recursive = 16384;
    public const nuint Private = 1 << 18;

    public const int Detach = 2;
    public const int NoFollow = 8;

    [LibraryImport("libc", EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Mount(string source, string target, string? type, nuint flags, string? data);

    [LibraryImport("libc", EntryPoint = "umount2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Unmount(string target, int flags);
}
