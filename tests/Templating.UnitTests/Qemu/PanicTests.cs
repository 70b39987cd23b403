using System.Text;
using Templating.Qemu.Console;
using Templating.Qemu.Process;

namespace Templating.UnitTests.Qemu;

/// <summary>What is said of a VM's end.</summary>
public sealed class PanicTests
{
    [Theory]
    [InlineData("[    1.2] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100\r\n[    1.3] CPU: 0 PID: 1", "Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100")]
    [InlineData("/ # Kernel panic - not syncing: sysrq triggered crash\n---[ end Kernel panic - not syncing: sysrq triggered crash ]---\n", "Kernel panic - not syncing: sysrq triggered crash")]
    [InlineData("Kernel panic - not syncing: VFS: Unable to mount root fs", "Kernel panic - not syncing: VFS: Unable to mount root fs")]
    [InlineData("Kernel panic - not syncing: \u001b[31mred", "Kernel panic - not syncing: [31mred")]
    [InlineData("a book about the Kernel panic\n", null)]
    [InlineData("", null)]
    public void PanicIsQuotedByItsLine(string printed, string? expected) =>
        ConsoleText.PanicLine(Encoding.UTF8.GetBytes(printed)).ShouldBe(expected);

    [Fact]
    public void PanicWithoutAnEndOfItsLineIsCut() =>
        ConsoleText.PanicLine(Encoding.UTF8.GetBytes("Kernel panic - not syncing: " + new string('x', 10_000))).ShouldNotBeNull().Length.ShouldBe(256);

    [Theory]
    [InlineData("guest-shutdown", null, "the guest powered off")]
    [InlineData("guest-reset", null, "the guest rebooted")]
    [InlineData("guest-panic", null, "the guest's kernel panicked")]
    [InlineData("host-signal", null, "ended by a signal that QEMU handled: terminating on signal 15 from pid 7")]
    [InlineData(null, 9, "killed by signal 9 (SIGKILL: somebody did, or the kernel for want of memory: the host's 'dmesg' says so then): terminating on signal 15 from pid 7")]
    [InlineData(null, 11, "killed by signal 11 (SIGSEGV: QEMU crashed): terminating on signal 15 from pid 7")]
    [InlineData(null, 34, "killed by signal 34: terminating on signal 15 from pid 7")]
    public void EndIsToldAsWhatItWas(string? reason, int? signal, string expected) =>
        ExitReport.Make(signal is null ? new ProcessExit(0, null) : new ProcessExit(null, signal), reason, killedByUs: false, "first\nterminating on signal 15 from pid 7")
            .Reason.ShouldBe(expected);
}
