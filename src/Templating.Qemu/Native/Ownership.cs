using Templating.Core.Machines;

namespace Templating.Qemu.Native;

internal static unsafe class Ownership
{
    private const int CurrentFolder = -100;     // AT_FDCWD
    private const uint WantGroup = 0x10;        // STATX_GID
    private const int StatxSize = 256;
    private const int GroupOffset = 24;         // stx_gid

    /// <summary>Makes a file the user's, who runs the VM that needs it; does nothing for null.</summary>
    public static void Give(string path, VmUser? user)
    {
        if (user is not null && Libc.Chown(path, user.Uid, user.Gid) != 0)
        {
            throw NativeError.Last($"Cannot give '{path}' to user {user.Uid}");
        }
    }

    public static uint GroupOf(string path)
    {
        var buffer = stackalloc byte[StatxSize];
        return Libc.Statx(CurrentFolder, path, 0, WantGroup, buffer) == 0
            ? *(uint*)(buffer + GroupOffset)
            : throw NativeError.Last($"Cannot look at '{path}'");
    }
}
