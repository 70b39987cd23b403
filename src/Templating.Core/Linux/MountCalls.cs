using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Templating.Core.Linux;

/// <summary>mount(2) and umount2(2); values of linux/mount.h.</summary>
internal static unsafe partial class MountCalls
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

    private const long OpenTreeNumber = 428;
    private const long MoveMountNumber = 429;
    private const long SetAttributesNumber = 442;

    private const int CloneTree = 1;                // OPEN_TREE_CLONE
    private const int MoveFromDescriptor = 4;       // MOVE_MOUNT_F_EMPTY_PATH

    /// <summary>MOUNT_ATTR_RDONLY, NOSUID, NODEV and NOEXEC.</summary>
    private const ulong InertAttributes = 1 | 2 | 4 | 8;

    /// <summary>A mount of that file alone, read-only, which is nowhere yet.</summary>
    /// <returns>Its descriptor; negative where the kernel refuses.</returns>
    public static int MountOf(SafeFileHandle file)
    {
        fixed (byte* empty = "\0"u8)
        {
            var fd = (int)LibC.SystemCall(
                OpenTreeNumber, file.DangerousGetHandle(), (long)empty, LibC.AtEmptyPath | CloneTree | LibC.OpenCloseOnExec, 0);
            if (fd < 0)
            {
                return fd;
            }

            // struct mount_attr: attr_set, attr_clr, propagation, userns_fd.
            var attributes = stackalloc ulong[4];
            new Span<ulong>(attributes, 4).Clear();
            attributes[0] = InertAttributes;
            if (LibC.SystemCall(SetAttributesNumber, fd, (long)empty, LibC.AtEmptyPath, (long)attributes, 4 * sizeof(ulong)) < 0)
            {
                var error = Marshal.GetLastPInvokeError();
                _ = DescriptorCalls.Close(fd);
                Marshal.SetLastPInvokeError(error);
                return -1;
            }

            return fd;
        }
    }

    /// <summary>Puts a mount that is nowhere yet onto a file.</summary>
    public static int Attach(int mount, ReadOnlySpan<byte> target)
    {
        fixed (byte* empty = "\0"u8)
        fixed (byte* path = target)
        {
            return (int)LibC.SystemCall(MoveMountNumber, mount, (long)empty, LibC.AtCurrentFolder, (long)path, MoveFromDescriptor);
        }
    }

    [LibraryImport("libc", EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Mount(string source, string target, string? type, nuint flags, string? data);

    [LibraryImport("libc", EntryPoint = "umount2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Unmount(string target, int flags);
}
