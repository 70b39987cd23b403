using Templating.Core.Machines;

namespace Templating.Qemu.Process;

/// <summary>Says in words how a VM ended, from what QEMU announced before and what the kernel says after.</summary>
internal static class ExitReport
{
    /// <summary>A reason of our own beside QAPI's.</summary>
    public const string NetworkEnded = "network-ended";

    public const string Panicked = "the guest's kernel panicked";

    private const int StandardErrorBytes = 4096;

    /// <param name="shutdownReason">Of the monitor's SHUTDOWN event (QAPI ShutdownCause), or null.</param>
    public static VmExit Make(ProcessExit exit, string? shutdownReason, bool killedByUs, string standardError)
    {
        var guest = shutdownReason is "guest-shutdown" or "guest-reset" or "guest-panic" or "subsystem-reset";
        return new VmExit(exit.ExitCode, exit.Signal, Words(exit, shutdownReason, killedByUs, standardError), guest, standardError);
    }

    /// <summary>The end of QEMU's standard error, with what a terminal could obey taken out.</summary>
    public static string ReadStandardError(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            file.Seek(-Math.Min(file.Length, StandardErrorBytes), SeekOrigin.End);
            var buffer = new byte[StandardErrorBytes];
            return Console.ConsoleText.Clean(buffer.AsSpan(0, file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)),
                StandardErrorBytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    internal static string LastLine(string standardError) => standardError[(standardError.LastIndexOf('\n') + 1)..];

    private static string Words(ProcessExit exit, string? shutdownReason, bool killedByUs, string standardError)
    {
        var last = standardError.Length == 0 ? "" : ": " + LastLine(standardError);
        return (shutdownReason, exit) switch
        {
            ("guest-shutdown", _) => "the guest powered off",
            ("guest-reset", _) => "the guest rebooted",
            ("guest-panic", _) => Panicked,
            ("host-qmp-quit", _) => "ended through its monitor",
            (NetworkEnded, _) => "its network, passt, ended; the VM was ended with it",
            ("host-signal", _) => "ended by a signal that QEMU handled" + last,
            _ when killedByUs => "killed by the daemon",
            (_, { Signal: { } signal }) => $"killed by signal {signal}{SignalWords.Of(signal)}{last}",
            (_, { ExitCode: 0 }) => "QEMU ended",
            (_, { ExitCode: { } code }) => $"QEMU ended with code {code}{last}",
            _ => $"QEMU ended, its code unknown (not started by this daemon){last}",
        };
    }
}
