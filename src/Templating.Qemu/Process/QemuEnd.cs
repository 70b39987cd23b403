using System.Text.RegularExpressions;
using Templating.Core.Errors;
using Templating.Core.Machines;

namespace Templating.Qemu.Process;

/// <summary>
/// What a QEMU that ended means to who asked for the VM, from its exit and its last words: whose fault it is, and whether a retry
/// can help. The words are those of QEMU 8.2 to 10; what is not known stays what it is.
/// </summary>
internal static partial class QemuEnd
{
    /// <param name="exit">How it ended.</param>
    /// <param name="answered">Whether it ever spoke on its monitor: what ends by itself before does so each time.</param>
    /// <param name="cause">What failed by it.</param>
    public static TemplatingException Explain(VmExit exit, bool answered, Exception? cause = null)
    {
        var (code, words) = exit.GuestRequested ? (ErrorCode.GuestStopped, exit.Reason + ".") : (CodeOf(exit, answered), Words(exit));
        return new TemplatingException(code, $"The VM ended: {words}", cause);
    }

    /// <summary>How it ended, with all it said, once.</summary>
    public static string Words(VmExit exit)
    {
        if (exit.StandardError.Length == 0)
        {
            return exit.Reason + ".";
        }

        // The reason by itself ends with the last line, for where there is room for one.
        var last = ": " + ExitReport.LastLine(exit.StandardError);
        var reason = exit.Reason.EndsWith(last, StringComparison.Ordinal) ? exit.Reason[..^last.Length] : exit.Reason;
        return $"{reason}. QEMU said: {exit.StandardError}";
    }

    private static ErrorCode CodeOf(VmExit exit, bool answered) => exit.StandardError switch
    {
        var said when Forward().IsMatch(said) => ErrorCode.PortUnavailable,
        var said when Exhausted().IsMatch(said) => ErrorCode.HostExhausted,
        var said when Full().IsMatch(said) => ErrorCode.DiskFull,
        var said when Accelerator().IsMatch(said) => ErrorCode.AcceleratorUnavailable,
        var said when Machine().IsMatch(said) => ErrorCode.QemuUnsupported,
        { Length: > 0 } when !answered && exit.ExitCode is > 0 => ErrorCode.QemuRefused,
        _ => ErrorCode.QemuExited,
    };

    [GeneratedRegex("Could not set up host forwarding rule", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Forward();

    [GeneratedRegex("Cannot allocate memory|Too many open files|Resource temporarily unavailable|cannot set up guest memory|qemu_thread_create", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Exhausted();

    [GeneratedRegex("No space left on device|Disk quota exceeded", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Full();

    [GeneratedRegex("Could not access KVM kernel module|failed to initialize kvm|KVM_CREATE_VM failed", RegexOptions.IgnoreCase, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Accelerator();

    [GeneratedRegex("unsupported machine type|unable to find CPU model|is not a valid device model name|phys-bits too low|Number of SMP CPUs|Invalid SMP CPUs", RegexOptions.IgnoreCase, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Machine();
}
