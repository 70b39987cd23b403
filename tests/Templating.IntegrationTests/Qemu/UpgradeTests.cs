using Microsoft.Extensions.Logging.Abstractions;
using Templating.Core.Errors;
using Templating.Qemu;
using Templating.Qemu.Base;
using Templating.Testing;

namespace Templating.IntegrationTests.Qemu;

public sealed class UpgradeTests : IDisposable
{
    private const UnixFileMode Executable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task QemuExchangedUnderARunningDaemonIsAskedAgain()
    {
        // A script in QEMU's place, that can be exchanged as a package manager would do it.
        var path = _folder.Write("qemu", "#!/bin/sh\nexec /usr/bin/qemu-system-x86_64 \"$@\"\n");
        File.SetUnixFileMode(path, Executable);
        using var vmm = new QemuVmm(new QemuOptions { QemuPath = path }, TimeProvider.System, NullLogger<QemuVmm>.Instance);
        var before = await vmm.ProbeAsync(refresh: false, CancellationToken.None);
        (await vmm.ProbeAsync(refresh: false, CancellationToken.None)).ShouldBeSameAs(before);

        await File.WriteAllTextAsync(path, "#!/bin/sh\necho 'QEMU emulator version 7.2.11 (a stand-in for an older one)'\n");

        (await Should.ThrowAsync<TemplatingException>(() => vmm.ProbeAsync(refresh: false, CancellationToken.None)))
            .Code.ShouldBe(ErrorCode.QemuTooOld);
    }
}
