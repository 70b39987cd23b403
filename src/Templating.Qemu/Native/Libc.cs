using System.Runtime.InteropServices;

namespace Templating.Qemu.Native;

/// <summary>The few system calls .NET has no API for. x86-64 Linux with glibc.</summary>
internal static unsafe partial class Libc
{
    public const int AfUnix = 1;
    public const int SockStream = 1;
    public const int SockCloseOnExec = 0x80000;
    public const int DupCloseOnExec = 1030;     // F_DUPFD_CLOEXEC
    public const int ProcessByPidFd = 3;        // P_PIDFD
    public const int WaitExited = 4;            // WEXITED
    public const int SignalKill = 9;
    public const short PollIn = 1;
    public const int EventCloseOnExec = 0x80000;
    public const int EventNonBlocking = 0x800;
    public const int ErrorInterrupted = 4;      // EINTR
    public const int ErrorNoProcess = 3;        // ESRCH
    public const int ErrorPermission = 1;       // EPERM
    private const long PidFdSendSignalNumber = 424;
    private const long PidFdOpenNumber = 434;

    [LibraryImport("libc", SetLastError = true, EntryPoint = "socket")]
    public static partial int Socket(int domain, int type, int protocol);

    [LibraryImport("libc", SetLastError = true, EntryPoint = "bind")]
    public static partial int Bind(int fd, byte* address, uint length);

    [LibraryImport("libc", SetLastError = true, EntryPoint = "listen")]
    public static partial int Listen(int fd, int backlog);

    [LibraryImport("libc", SetLastError = true, EntryPoint = "close")]
    public static partial int Close(int fd);

    [LibraryImport("libc", SetLastError = true, EntryPoint = "fcntl")]
    public static partial int Fcntl(int fd, int command, int argument);

    [LibraryImport("libc", SetLastError = true, EntryPoint = "eventfd")]
    public static partial int EventFd(uint value, int flags);

    [LibraryImport("libc", SetLastError = true, EntryPoint = "read")]
    public static partial nint Read(int fd, void* buffer, nint count);

    [LibraryImport("libc", SetLastError = true, EntryPoint = "write")]
    public static partial nint Write(int fd, void* buffer, nint count);

    [LibraryImport("libc", SetLastError = true, EntryPoint = "poll")]
    public static partial int Poll(PollDescriptor* descriptors, nuint count, int timeoutMilliseconds);

    [LibraryImport("libc", SetLastError = true, EntryPoint = "waitid")]
    public static partial int WaitId(int kind, int id, SignalInfo* info, int options);

    [LibraryImport("libc", SetLastError = true, EntryPoint = "chown", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Chown(string path, uint uid, uint gid);

    [LibraryImport("libc", SetLastError = true, EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Statx(int folder, string path, int flags, uint mask, byte* result);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint EffectiveUserId();

    [LibraryImport("libc", SetLastError = true, EntryPoint = "realpath", StringMarshalling = StringMarshalling.Utf8)]
    public static partial byte* RealPath(string path, byte* resolved);

    [LibraryImport("libc", SetLastError = true, EntryPoint = "syscall")]
    private static partial long SystemCall(long number, long first, long second, long third, long fourth);

    public static int PidFdOpen(int pid) => (int)SystemCall(PidFdOpenNumber, pid, 0, 0, 0);

    public static int PidFdSendSignal(int pidFd, int signal) => (int)SystemCall(PidFdSendSignalNumber, pidFd, signal, 0, 0);

    [StructLayout(LayoutKind.Sequential)]
    public struct PollDescriptor
    {
        public int Fd;
        public short Events;
        public short Returned;
    }

    /// <summary>siginfo_t as waitid(2) fills it for SIGCHLD.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 128)]
    public struct SignalInfo
    {
        [FieldOffset(8)]
        public int Code;

        [FieldOffset(16)]
        public int Pid;

        [FieldOffset(24)]
        public int Status;
    }
}
