using System.Runtime.InteropServices;

namespace Templating.Core.Linux;

/// <summary>Namespaces (namespaces(7)): of the calling thread, and of what it starts from then on. Values of linux/sched.h.</summary>
internal static unsafe partial class NamespaceCalls
{
    /// <summary>Own root and working folder: a thread that shares them with others cannot change its mounts.</summary>
    public const int OwnFolders = 0x200;            // CLONE_FS
    public const int NewMounts = 0x20000;           // CLONE_NEWNS
    public const int NewMessages = 0x8000000;       // CLONE_NEWIPC

    /// <summary>Of what the thread starts, not of itself.</summary>
    public const int NewProcesses = 0x20000000;     // CLONE_NEWPID

    public const int NewNetwork = 0x40000000;       // CLONE_NEWNET

    private const long PivotRootNumber = 155;

    [LibraryImport("libc", SetLastError = true, EntryPoint = "unshare")]
    internal static partial int Unshare(int kinds);

    [LibraryImport("libc", SetLastError = true, EntryPoint = "setns")]
    internal static partial int Enter(int fd, int kind);

    [LibraryImport("libc", SetLastError = true, EntryPoint = "chdir", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int ChangeFolder(string path);

    /// <summary>Makes the working folder the root, and puts the old root over it.</summary>
    public static int PivotToWorkingFolder()
    {
        fixed (byte* here = "."u8)
        {
            return (int)LibC.SystemCall(PivotRootNumber, (long)here, (long)here, 0, 0);
        }
    }
}
