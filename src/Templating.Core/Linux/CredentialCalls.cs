using System.Runtime.InteropServices;

namespace Templating.Core.Linux;

/// <summary>
/// Users, groups and capabilities of the calling thread alone, and of what it starts: by the kernel's calls, for libc's change all threads of
/// the process (nptl(7)). Values of asm/unistd_64.h, linux/prctl.h and linux/capability.h.
/// </summary>
internal static unsafe class CredentialCalls
{
    private const long SetGroupsNumber = 116;
    private const long SetUsersNumber = 117;
    private const long SetGroupIdsNumber = 119;
    private const long GetCapabilitiesNumber = 125;
    private const long SetCapabilitiesNumber = 126;
    private const long ControlNumber = 157;

    private const int KeepCapabilities = 8;         // PR_SET_KEEPCAPS
    private const int DropFromBounding = 24;        // PR_CAPBSET_DROP
    private const int NoNewPrivileges = 38;         // PR_SET_NO_NEW_PRIVS
    private const uint CapabilityVersion = 0x20080522;
    private const int MostCapabilities = 64;

    /// <summary>The only further groups.</summary>
    public static int SetGroups(ReadOnlySpan<uint> groups)
    {
        fixed (uint* first = groups)
        {
            return (int)LibC.SystemCall(SetGroupsNumber, groups.Length, (long)first, 0, 0);
        }
    }

    /// <summary>Real, effective and saved group.</summary>
    public static int SetGroup(uint gid) => (int)LibC.SystemCall(SetGroupIdsNumber, gid, gid, gid, 0);

    /// <summary>Real, effective and saved user.</summary>
    public static int SetUser(uint uid) => (int)LibC.SystemCall(SetUsersNumber, uid, uid, uid, 0);

    /// <summary>No program that is executed from here on gets a capability, whoever it runs as.</summary>
    public static int EmptyBoundingSet()
    {
        for (var capability = 0; capability < MostCapabilities; capability++)
        {
            if (LibC.SystemCall(ControlNumber, DropFromBounding, capability, 0, 0) < 0)
            {
                // The kernel says so of the first that it does not know.
                return capability > 0 && Marshal.GetLastPInvokeError() == Errno.Invalid ? 0 : -1;
            }
        }

        return 0;
    }

    /// <summary>
    /// Capabilities stay through a change of the user, until a program is executed: QEMU is found wherever the daemon finds it. With
    /// <see cref="KeepForExecution"/> after that change.
    /// </summary>
    public static int KeepThroughUser() => (int)LibC.SystemCall(ControlNumber, KeepCapabilities, 1, 0, 0);

    /// <summary>Those that are left count for this thread, and none is inherited by what it executes.</summary>
    public static int KeepForExecution()
    {
        var header = stackalloc uint[2];
        (header[0], header[1]) = (CapabilityVersion, 0);
        // struct __user_cap_data_struct, twice: effective, permitted, inheritable.
        var sets = stackalloc uint[6];
        if (LibC.SystemCall(GetCapabilitiesNumber, (long)header, (long)sets, 0, 0) < 0)
        {
            return -1;
        }

        (sets[0], sets[3]) = (sets[1], sets[4]);
        (sets[2], sets[5]) = (0, 0);
        return (int)LibC.SystemCall(SetCapabilitiesNumber, (long)header, (long)sets, 0, 0);
    }

    public static int ForbidNewPrivileges() => (int)LibC.SystemCall(ControlNumber, NoNewPrivileges, 1, 0, 0, 0);
}
