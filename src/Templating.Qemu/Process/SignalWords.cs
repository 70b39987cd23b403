namespace Templating.Qemu.Process;

/// <summary>What a signal that ended QEMU says of why; signal(7) for x86.</summary>
internal static class SignalWords
{
    public static string Of(int signal) => signal switch
    {
        4 => " (SIGILL: QEMU crashed)",
        6 => " (SIGABRT: QEMU gave up)",
        7 => " (SIGBUS): a file of its memory could not be read or grown, because the store's file system is full or failed (I/O error)",
        8 => " (SIGFPE: QEMU crashed)",
        9 => " (SIGKILL: somebody did, or the kernel for want of memory: the host's 'dmesg' says so then)",
        11 => " (SIGSEGV: QEMU crashed)",
        15 => " (SIGTERM: somebody told it to end)",
        24 => " (SIGXCPU: over its limit of CPU time)",
        25 => " (SIGXFSZ: it wrote more to a file than it may)",
        31 => " (SIGSYS: it made a system call that it may not make)",
        _ => "",
    };
}
