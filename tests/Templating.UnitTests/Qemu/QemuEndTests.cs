using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Qemu.Process;

namespace Templating.UnitTests.Qemu;

/// <summary>The words are QEMU 10.0's own.</summary>
public sealed class QemuEndTests
{
    [Theory]
    [InlineData("qemu-system-x86_64: -netdev user,id=net0,hostfwd=tcp:127.0.0.1:8080-:80: Could not set up host forwarding rule 'tcp:127.0.0.1:8080-:80'", ErrorCode.PortUnavailable)]
    [InlineData("qemu-system-x86_64: cannot set up guest memory 'ram': Cannot allocate memory", ErrorCode.HostExhausted)]
    [InlineData("qemu: qemu_thread_create: Resource temporarily unavailable", ErrorCode.HostExhausted)]
    [InlineData("Could not access KVM kernel module: No such file or directory\nqemu-system-x86_64: failed to initialize kvm: No such file or directory", ErrorCode.AcceleratorUnavailable)]
    [InlineData("qemu-system-x86_64: unable to find CPU model 'z80'", ErrorCode.QemuUnsupported)]
    [InlineData("qemu-system-x86_64: Address space limit 0xffffffffff < 0x1007fffffff phys-bits too low (40)", ErrorCode.QemuUnsupported)]
    [InlineData("qemu: invalid kernel header", ErrorCode.QemuRefused)]
    [InlineData("", ErrorCode.QemuExited)]
    public void WhatQemuRefusesAtItsStartIsToldByWhoseFaultItIs(string said, ErrorCode code) =>
        QemuEnd.Explain(Exit(1, said), answered: false).Code.ShouldBe(code);

    [Fact]
    public void AQemuThatHadStartedMayStartAgain() => QemuEnd.Explain(Exit(1, "qemu: some assertion"), answered: true).Code.ShouldBe(ErrorCode.QemuExited);

    [Fact]
    public void AQemuThatWasKilledAtItsStartMayStartAgain() =>
        QemuEnd.Explain(ExitReport.Make(new ProcessExit(ExitCode: null, 9), null, killedByUs: false, "warning: something"), answered: false)
            .Code.ShouldBe(ErrorCode.QemuExited);

    [Theory]
    [InlineData("qemu: invalid kernel header")]
    [InlineData("warning: TCG doesn't support it\nqemu: invalid kernel header")]
    public void WhatItSaidIsSaidOnce(string said)
    {
        var message = QemuEnd.Explain(Exit(1, said), answered: false).Message;

        message.ShouldBe($"The VM ended: QEMU ended with code 1. QEMU said: {said}");
    }

    private static VmExit Exit(int code, string said) => ExitReport.Make(new ProcessExit(code, null), shutdownReason: null, killedByUs: false, said);
}
