using System.Globalization;
using System.Runtime.InteropServices;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Qemu.Base;

namespace Templating.Qemu.Confinement;

/// <summary>The mounts that a VM's process sees, changed from outside.</summary>
internal static class VmMounts
{
    /// <summary>On a thread of its own, which throws nothing within: there no library is found that would be loaded then.</summary>
    /// <param name="pid">Whose mounts.</param>
    /// <param name="step">Negative where it fails, with an error number.</param>
    /// <param name="what">For the error: cannot ...</param>
    /// <exception cref="TemplatingException">Internal: what the kernel refuses.</exception>
    public static void Change(int pid, Func<int> step, string what)
    {
        using var mounts = FileSystem.OpenLink(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/ns/mnt"));
        // For the same reason each call is bound before it is needed.
        _ = MountCalls.Unmount("", 0);
        var error = OwnThread.Run("vm-mounts", () =>
            NamespaceCalls.Unshare(NamespaceCalls.OwnFolders) < 0
            || NamespaceCalls.Enter(mounts.DangerousGetHandle().ToInt32(), NamespaceCalls.NewMounts) < 0
            || step() < 0
                ? Marshal.GetLastPInvokeError()
                : 0);
        if (error != 0)
        {
            throw NativeError.From($"Cannot {what}", error);
        }
    }
}
