using Templating.Qemu.Probing;
using Templating.Qemu.Process;
using Templating.Testing;

namespace Templating.IntegrationTests.Qemu;

public sealed class KvmProbeTests : IDisposable
{
    private readonly TempFolder _folder = new();

    /// <summary>Emulated by QEMU it must work: what fails elsewhere is then KVM's fault, not the firmware's.</summary>
    [Theory]
    [InlineData("max")]
    [InlineData("qemu64")]
    public async Task TheTinyGuestGetsToItsEndWithAndWithoutBmi2(string cpu)
    {
        var firmware = Path.Combine(_folder.Path, "firmware");
        await File.WriteAllBytesAsync(firmware, ProbeFirmware.Make());
        using var watcher = new ProcessWatcher();
        await using var process = new ProbeProcess(
            watcher,
            ["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-machine", "q35", "-accel", "tcg", "-cpu", cpu, "-m", "16M",
             "-bios", firmware, "-no-reboot", "-device", $"isa-debug-exit,iobase=0x{ProbeFirmware.ExitPort:x},iosize=1"],
            Path.Combine(_folder.Path, "output"), [], 1 << 20);

        (await process.Exited.Soonest()).ExitCode.ShouldBe(ProbeFirmware.ExitCode);
    }

    public void Dispose() => _folder.Dispose();
}
