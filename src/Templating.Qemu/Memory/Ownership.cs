using Templating.Core.Linux;
using Templating.Core.Machines;
using Templating.Qemu.Base;

namespace Templating.Qemu.Memory;

internal static class Ownership
{
    /// <summary>Makes a file the user's, who runs the VM that needs it; does nothing for null.</summary>
    public static void Give(string path, VmUser? user)
    {
        if (user is not null && LibC.ChangeOwner(path, user.Uid, user.Gid) != 0)
        {
            throw NativeError.Last($"Cannot give '{path}' to user {user.Uid}");
        }
    }
}
