using System.Runtime.InteropServices;

namespace Templating.Core.Linux;

/// <summary>pidfds and what is known through them; values of linux/wait.h and asm/unistd_64.h.</summary>
internal static unsafe partial class ProcessCalls
{
    public const int ProcessByPidFd = 3;        // P_PIDFD
    public const int WaitExited = 4;            // WEXITED
    public const int CodeExited = 1;            // CLD_EXITED
    public const int SignalKill = 9;

    /// <summary>RLIMIT_CORE.</summary>
    private const int CoreLimit = 4;
    private const int ProcessById = 1;          // P_PID
    private const long KillNumber = 62;
    private const long PidFdSendSignalNumber = 424;
    private const long PidFdOpenNumber = 434;

    [LibraryImport("libc", SetLastError = true, EntryPoint = "waitid")]
    internal static partial int WaitId(int kind, int id, SignalInfo* info, int options);

    /// <summary>With kind and id 0 it is the calling thread's alone (setpriority(2), "C library/kernel differences").</summary>
    [LibraryImport("libc", SetLastError = true, EntryPoint = "setpriority")]
    internal static partial int SetPriority(int kind, uint id, int nice);

    public static int PidFdOpen(int pid) => (int)LibC.SystemCall(PidFdOpenNumber, pid, 0, 0, 0);

    public static int PidFdSendSignal(int pidFd, int signal) => (int)LibC.SystemCall(PidFdSendSignalNumber, pidFd, signal, 0, 0);

    /// <summary>Ends a child that nobody watches yet, and takes it from the kernel's table.</summary>
    public static void KillChild(int pid)
    {
        _ = LibC.SystemCall(KillNumber, pid, SignalKill, 0, 0);
        SignalInfo info;
        _ = WaitId(ProcessById, pid, &info, WaitExited);
    }

    /// <summary>siginfo_t as waitid(2) fills it for SIGCHLD.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 128)]
    internal struct SignalInfo
    {
        [FieldOffset(8)]
        public int Code;

        [FieldOffset(16)]
        public int Pid;

        [FieldOffset(24)]
        public int Status;
    }
}
