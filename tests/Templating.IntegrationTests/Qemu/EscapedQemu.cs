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
/// One run of Escape/escaped.c: started as QEMU is, with its descriptors, user, namespaces and filter, it tries what a guest that
/// took QEMU over would, and says what came of it.
/// </summary>
/// <param name="isBlank">Whether it gets its memory after its start.</param>
public abstract class EscapedQemu(bool isBlank) : IAsyncLifetime
{
    private const int Uid = 64_322;

    private readonly TempFolder _folder = new();

    /// <summary>A service of the host's loopback.</summary>
    public TcpListener HostService { get; } = new(IPAddress.Loopback, 0);

    /// <summary>What it tried, and the outcome; empty where the tests do not run as root.</summary>
    public IReadOnlyDictionary<string, string> Seen { get; private set; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public async Task InitializeAsync()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return; // namespaces and users are root's to give
        }

        HostService.Start();
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
        var request = new PrepareRequest
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
        };
        await using var vm = isBlank ? await BindAsync(vmm, request) : await vmm.PrepareAsync(request, CancellationToken.None);
        await vm.ResumeAsync(CancellationToken.None);
        await vm.KillAsync();
        var lines = await File.ReadAllLinesAsync(folder.StandardError);
        lines.ShouldContain("done ok", string.Join('\n', lines));
        Seen = lines.Select(line => line.Split(' ', 2)).Where(words => words.Length == 2).GroupBy(words => words[0], StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.First()[1], StringComparer.Ordinal);
    }

    public Task DisposeAsync()
    {
        HostService.Dispose();
        _folder.Dispose();
        return Task.CompletedTask;
    }

    private async Task<IVm> BindAsync(QemuVmm vmm, PrepareRequest request)
    {
        var blank = await vmm.StartBlankAsync(
            new BlankRequest
            {
                Folder = new VmFolder(Directory.CreateDirectory(_folder["blank"]).FullName),
                Shape = BlankShape.Of(request.Machine, request.ImagePaths.Count),
                Generation = request.Generation,
                User = request.User,
            },
            CancellationToken.None);
        return await blank.BindAsync(request, CancellationToken.None);
    }

    private async Task<string> CompileAsync()
    {
        var program = _folder["escaped"];
        var compiled = await Programs.RunAsync(
            "/usr/bin/cc",
            [
                "-static", "-O1", "-Wall", "-Wno-unused-result", "-o", program, $"-DVICTIM=\"{_folder["victim"]}\"", $"-DDAEMON={Environment.ProcessId}",
                $"-DPORT={((IPEndPoint)HostService.LocalEndpoint).Port}",
                Path.Combine(Repository.Root, "tests/Templating.IntegrationTests/Qemu/Escape/escaped.c"),
            ],
            CancellationToken.None, new Dictionary<string, string>(StringComparer.Ordinal) { ["PATH"] = "/usr/bin:/bin" });
        compiled.ExitCode.ShouldBe(0, compiled.Error);
        return program;
    }
}

/// <summary>Started with all it has.</summary>
public sealed class EscapedColdQemu() : EscapedQemu(isBlank: false);

/// <summary>Started blank, and given its memory later.</summary>
public sealed class EscapedBoundQemu() : EscapedQemu(isBlank: true);
