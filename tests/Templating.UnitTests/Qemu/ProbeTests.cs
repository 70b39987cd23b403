using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Templating.Core.Errors;
using Templating.Qemu;
using Templating.Qemu.Base;
using Templating.Qemu.Probing;
using Templating.Qemu.Process;
using Templating.Testing;

namespace Templating.UnitTests.Qemu;

public sealed class ProbeTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public async Task OldQemuIsRefusedWithBothVersionsAndACure()
    {
        var error = await ProbeAsync(Script("echo 'QEMU emulator version 7.2.11 (Debian 1:7.2+dfsg-7)'"));

        error.Code.ShouldBe(ErrorCode.QemuTooOld);
        error.Message.ShouldContain("7.2.11");
        error.Message.ShouldContain("8.2");
        error.Message.ShouldContain("bookworm-backports");
    }

    [Fact]
    public async Task MissingQemuIsNamed()
    {
        var error = await ProbeAsync("/nonexistent/qemu");

        error.Code.ShouldBe(ErrorCode.QemuMissing);
        error.Message.ShouldContain("/nonexistent/qemu");
    }

    [Fact]
    public async Task ProgramThatIsNotQemuIsTold() =>
        (await ProbeAsync(Script("echo hello; exit 1"))).Message.ShouldContain("hello");

    [Fact]
    public async Task FileThatCannotBeExecutedIsMissing() =>
        (await ProbeAsync(_folder.Write("text", "x"))).Code.ShouldBe(ErrorCode.QemuMissing);

    [Fact]
    public async Task ProgramThatHangsIsLeftAtTheDeadline() =>
        (await ProbeAsync(Script("exec sleep 1000"), TimeSpan.FromMilliseconds(100))).Code.ShouldBe(ErrorCode.QemuMissing);

    [Fact]
    public async Task KvmThatCannotGoOnIsNotWaitedFor()
    {
        var liar = Script("echo 'KVM internal error. Suberror: 1' >&2; echo 'extra data[0]: 0x0' >&2; exec sleep 1000");
        using var watcher = new ProcessWatcher();
        var time = new FakeTimeProvider();

        var trying = new KvmProbe(new QemuOptions(), watcher, time).TryAsync(liar, "q35", _folder.Path, CancellationToken.None);
        var said = Path.Combine(_folder.Path, "kvm-probe.log");
        await Eventually.UntilAsync(() => File.Exists(said) && File.ReadAllText(said).Contains("extra data"), "QEMU complains");
        await Eventually.UntilAsync(
            () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(20));
                return trying.IsCompleted;
            },
            "the probe ends");

        (await trying.Soonest()).ShouldBe("a tiny guest could not go on under KVM: KVM internal error. Suberror: 1");
    }

    public void Dispose() => _folder.Dispose();

    private static async Task<TemplatingException> ProbeAsync(string path, TimeSpan? timeout = null)
    {
        var options = new QemuOptions { QemuPath = path, StartTimeout = timeout ?? Soon.Limit };
        using var vmm = new QemuVmm(options, TimeProvider.System, NullLogger<QemuVmm>.Instance);
        return await Should.ThrowAsync<TemplatingException>(vmm.ProbeAsync(refresh: false, CancellationToken.None).Soonest());
    }

    private string Script(string body)
    {
        var path = _folder.Write("qemu", "#!/bin/sh\n" + body + "\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return path;
    }
}
