using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Templating.Core.Machines;
using Templating.Qemu;
using Templating.Qemu.Base;
using Templating.Testing;
using Templating.Testing.Nodes;

namespace Templating.IntegrationTests.Qemu;

/// <summary>
/// What a guest that has escaped into its QEMU can do on the host. A stand-in is started as QEMU is, with its descriptors, user,
/// namespaces and filter, and tries; Escape/escaped.c says what.
/// </summary>
public sealed class EscapedQemuTests : IAsyncLifetime
{
    private const int Uid = 64_322;

    private readonly TempFolder _folder = new();
    private readonly TcpListener _hostService = new(IPAddress.Loopback, 0);
    private Dictionary<string, string> _seen = [];

    [Fact]
    public void ItSeesNoFileOfTheHostAndMakesNone()
    {
        Refused("read-/etc/passwd", "read-/proc/1", "read-victim", "read-victim-by-daemon", "open-kvm",
            "write-/", "write-/tmp", "write-/dev/shm", "write-/dev", "remount-root", "mount-proc", "chroot", "open-by-handle");
        _seen.Where(s => s.Key.StartsWith("entries-in-", StringComparison.Ordinal) && s.Value != "0" && s.Key is not ("entries-in-etc" or "entries-in-dev"))
            .ShouldBeEmpty("nothing is mounted in its root any more");
    }

    [Fact]
    public void ItMakesNoSocketAndNoConnection() =>
        Refused("socket-inet", "socket-inet6", "socket-udp", "socket-unix", "socket-netlink", "socket-packet", "socket-vsock", "io_uring", "bpf");

    [Fact]
    public void ItHasThePortsItWasToForwardAndNoWayToConnectByThem()
    {
        Worked("forward-asked-for", "forward-bind", "forward-listen");
        Refused("forward-beyond", "forward-disconnect", "forward-connect", "forward-fast-open", "forward-fast-open-message", "forward-fast-open-messages");
        _hostService.Pending().ShouldBeFalse("nobody got through to a service of the host's loopback");
    }

    [Fact]
    public void ItReachesNoOtherProcessAndGetsNoOtherRights() =>
        Refused("kill-daemon", "kill-init", "ptrace-daemon", "read-daemon", "steal-descriptor", "unshare-user", "clone-user", "setns", "shm",
            "keyring", "setuid-root", "setgid-root", "clear-no-new-privs");

    [Fact]
    public void ItHasItsOwnDescriptorsAloneAndCannotChangeAFileThroughThem()
    {
        var files = _seen.Where(s => s.Key.StartsWith("fd-", StringComparison.Ordinal) && s.Value.StartsWith("file", StringComparison.Ordinal)).ToList();

        // Standard output and error go to the VM's own log; the rest are memory, image and state, read-only.
        files.Where(f => f.Value != "file-r").Select(f => f.Key).ShouldBe(["fd-1", "fd-2"], ignoreOrder: true);
        files.Count(f => f.Value == "file-r").ShouldBe(3);
        Refused([.. _seen.Keys.Where(k => k.StartsWith("write-fd-", StringComparison.Ordinal) || k.StartsWith("map-fd-", StringComparison.Ordinal)
            || k.StartsWith("chmod-fd-", StringComparison.Ordinal) || k.StartsWith("empty-fd-", StringComparison.Ordinal))]);
        _seen.Count(s => s.Key.StartsWith("map-fd-", StringComparison.Ordinal)).ShouldBe(3);
        _seen.Where(s => s.Key.StartsWith("fd-", StringComparison.Ordinal) && s.Value is "folder-r" or "folder-rw" or "other-rw").Select(s => s.Key).ShouldBeEmpty();
    }

    public async Task InitializeAsync()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return; // namespaces and users are root's to give
        }

        _hostService.Start();
        _folder.Write("victim", "another tenant's secret");
        var program = await CompileAsync();
        await using (var memory = File.Create(_folder["memory"]))
        {
            memory.SetLength(2 * MachineSpec.MiB);
        }

        await File.WriteAllBytesAsync(_folder["image"], new byte[64 * 1024]);
        _folder.Write("state", "state");
        foreach (var file in (string[])["memory", "image", "state"])
        {
            File.SetUnixFileMode(_folder[file], UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        }

        var folder = new VmFolder(Directory.CreateDirectory(_folder["vm"]).FullName);
        using var vmm = new QemuVmm(new QemuOptions { QemuPath = program, QuickProbe = true }, TimeProvider.System, NullLogger<QemuVmm>.Instance);
        await using var vm = await vmm.PrepareAsync(
            new PrepareRequest
            {
                Folder = folder,
                Machine = new ResolvedMachine
                {
                    QemuVersion = "10.0.2",
                    MachineType = "pc-q35-10.0",
                    CpuModel = "max",
                    Accelerator = Accelerator.Tcg,
                    Vcpus = 1,
                    MemoryBytes = 2 * MachineSpec.MiB,
                    Devices = [],
                },
                MemoryPath = _folder["memory"],
                StatePath = _folder["state"],
                ImagePaths = [_folder["image"]],
                Network = new NetworkSpec(Outbound: false, [new PortForward(80)]),
                Generation = Guid.NewGuid(),
                User = new VmUser(Uid, Uid),
            },
            CancellationToken.None);
        await vm.ResumeAsync(CancellationToken.None);
        await vm.KillAsync();
        var lines = await File.ReadAllLinesAsync(folder.StandardError);
        lines.ShouldContain("done ok", string.Join('\n', lines));
        _seen = lines.Select(line => line.Split(' ', 2)).Where(words => words.Length == 2).GroupBy(words => words[0], StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.First()[1], StringComparer.Ordinal);
    }

    public Task DisposeAsync()
    {
        _hostService.Dispose();
        _folder.Dispose();
        return Task.CompletedTask;
    }

    private void Worked(params string[] names) => Check(names, outcome => outcome == "ok", "ok");

    private void Refused(params string[] names) => Check(names, outcome => outcome != "ok", "an error");

    private void Check(string[] names, Func<string, bool> holds, string expected)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return;
        }

        names.Select(name => (Name: name, Outcome: _seen.GetValueOrDefault(name)))
            .Where(seen => seen.Outcome is null || !holds(seen.Outcome))
            .Select(seen => $"{seen.Name}: {seen.Outcome ?? "not tried"}, expected {expected}").ShouldBeEmpty();
    }

    private async Task<string> CompileAsync()
    {
        var program = _folder["escaped"];
        var compiled = await Programs.RunAsync(
            "/usr/bin/cc",
            [
                "-static", "-O1", "-Wall", "-Wno-unused-result", "-o", program, $"-DVICTIM=\"{_folder["victim"]}\"", $"-DDAEMON={Environment.ProcessId}",
                $"-DPORT={((IPEndPoint)_hostService.LocalEndpoint).Port}",
                Path.Combine(Repository.Root, "tests/Templating.IntegrationTests/Qemu/Escape/escaped.c"),
            ],
            CancellationToken.None, new Dictionary<string, string>(StringComparer.Ordinal) { ["PATH"] = "/usr/bin:/bin" });
        compiled.ExitCode.ShouldBe(0, compiled.Error);
        return program;
    }
}
