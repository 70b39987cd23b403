using Microsoft.Extensions.Logging;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Qemu.Base;
using Templating.Qemu.CommandLine;
using Templating.Qemu.Memory;
using Templating.Qemu.Process;

namespace Templating.Qemu;

/// <summary>Starts QEMU with all it will ever have: its memory, its ports, its state.</summary>
internal sealed class VmStarter(VmLauncher launcher, QemuOptions options, ProcessWatcher watcher, TimeProvider time, ILogger logger)
{
    /// <summary>Above its RAM, what a template's QEMU may write: the device state (0.3 MB seen) and its standard error.</summary>
    private const long TemplateExtraBytes = 256 * MachineSpec.MiB;

    public async Task<IVm> BootAsync(string qemuPath, BootRequest request, CancellationToken cancellationToken)
    {
        using var handed = new HandedFiles();
        var sockets = VmLauncher.Open(handed, request.Folder);
        var kernel = handed.Open(request.KernelPath, FileUse.Read);
        var initrd = request.InitrdPath is null ? null : handed.Open(request.InitrdPath, FileUse.Read);
        var vm = await StartAsync(
            new Start
            {
                Folder = request.Folder,
                Machine = request.Machine,
                Ram = handed.Open(request.MemoryPath, FileUse.ReadWrite),
                Role = MemoryRole.TemplateRam,
                Images = [.. request.ImagePaths.Select(path => handed.Open(path, FileUse.Read))],
                State = handed.Open(request.StatePath, FileUse.Write),
                Network = request.Network,
                Generation = null,
                Beginning = new Beginning.Boot(kernel.Path, initrd?.Path, request.CommandLine),
                User = request.User,
                MaxFileBytes = request.Machine.MemoryBytes + TemplateExtraBytes,
                Handed = handed,
                Sockets = sockets,
            }, qemuPath, cancellationToken);
        return await OrEndAsync(vm, () => vm.ResumeAsync(cancellationToken));
    }

    public async Task<IVm> PrepareAsync(string qemuPath, PrepareRequest request, CancellationToken cancellationToken)
    {
        using var handed = new HandedFiles();
        var sockets = VmLauncher.Open(handed, request.Folder);
        return await StartAsync(
            new Start
            {
                Folder = request.Folder,
                Machine = request.Machine,
                Ram = handed.Open(request.MemoryPath, FileUse.Read),
                Role = MemoryRole.CloneRam,
                Images = [.. request.ImagePaths.Select(path => handed.Open(path, FileUse.Read))],
                State = handed.Open(request.StatePath, FileUse.Read),
                Network = request.Network,
                Generation = request.Generation,
                Cgroups = request.Cgroups,
                Beginning = new Beginning.Incoming(),
                User = request.User,
                MaxFileBytes = launcher.CloneFileLimit(request.Machine),
                Handed = handed,
                Sockets = sockets,
            }, qemuPath, cancellationToken);
    }

    private async Task<QemuVm> StartAsync(Start start, string qemuPath, CancellationToken cancellationToken)
    {
        try
        {
            return await LaunchAsync(start, qemuPath, cancellationToken);
        }
        catch (TemplatingException e) when (e.Code == ErrorCode.PortUnavailable)
        {
            // Two that start at once can both hold a port that neither listens on yet. The one that comes too late hears it from QEMU or passt, which
            // do not say what is wrong with a port; by now the kernel does.
            using var reserved = new PortReservations(start.Network.Forwards, start.User);
            throw;
        }
    }

    private async Task<QemuVm> LaunchAsync(Start start, string qemuPath, CancellationToken cancellationToken)
    {
        var jail = launcher.JailFor(qemuPath);
        var devices = VmLauncher.Hand(start.Handed, start.Sockets);
        var owner = VmLauncher.HandOwner(start.Handed, start.Machine, start.Folder);
        // QEMU takes the free ones itself; passt has all of its ports reserved for it.
        using var reserved = new PortReservations(
            start.Network.Outbound && !options.EndWithProcess ? [] : [.. start.Network.Forwards.Where(forward => forward.HostPort != 0)], start.User);
        // Where the daemon is the one to keep the guest from the host's loopback; in a pod QEMU's own network does.
        using var network = start.Network.Outbound && !options.EndWithProcess
            ? await OutboundNetwork.StartAsync(watcher, start.Network.Forwards, start.User, start.Folder, time, cancellationToken)
            : null;
        var launch = new QemuLaunch
        {
            QemuPath = qemuPath,
            Machine = start.Machine,
            Ram = new MemoryBackend(QemuCommandLine.RamId, start.Role, start.Ram.Path, start.Machine.MemoryBytes),
            Images = [.. start.Images.Select((file, i) => new MemoryBackend(QemuCommandLine.ImageId(i), MemoryRole.Image, file.Path, file.Bytes))],
            StateDescriptor = start.State.Descriptor,
            Network = network is null
                ? new NetworkBackend.User(start.Network.Outbound, start.Network.Forwards)
                : new NetworkBackend.Stream(start.Handed.Add(network.Descriptor)),
            Generation = start.Generation,
            Beginning = start.Beginning,
            TcgBufferMiB = options.TcgBufferMiBOf(start.Machine),
            Sockets = devices,
            Owner = owner,
        };
        var link = launcher.Launch(new VmOrder
        {
            Folder = start.Folder,
            Launch = launch,
            Files = [new GuestFile(start.Ram.KernelName, start.Role), .. start.Images.Select(file => new GuestFile(file.KernelName, MemoryRole.Image))],
            Ports = start.Network.Forwards.Count,
            KnownForwards = network?.Forwards,
            User = start.User,
            MaxFileBytes = start.MaxFileBytes,
            Handed = start.Handed,
            Sockets = start.Sockets,
        });
        var vm = new QemuVm(link, options, time, logger);
        // QEMU alone listens from here on: when it ends before it has accepted, our ends of the connections must end too.
        start.Handed.Dispose();
        return await OrEndAsync(vm, async () =>
        {
            Cgroups.Place(vm.Process.Pid, start.Cgroups);
            await vm.StartAsync(options.StartTimeout, cancellationToken);
            await vm.GuardAsync(() =>
            {
                jail?.Empty(vm.Process.Pid, []);
                return Task.CompletedTask;
            });
        });
    }

    /// <summary>Ends a VM of which a step fails.</summary>
    private static async Task<QemuVm> OrEndAsync(QemuVm vm, Func<Task> step)
    {
        try
        {
            await step();
            return vm;
        }
        catch
        {
            await vm.KillAsync();
            await vm.DisposeAsync();
            throw;
        }
    }

    private sealed record Start
    {
        public required VmFolder Folder { get; init; }

        public required ResolvedMachine Machine { get; init; }

        public required HandedFile Ram { get; init; }

        public required MemoryRole Role { get; init; }

        public required IReadOnlyList<HandedFile> Images { get; init; }

        public required HandedFile State { get; init; }

        public required NetworkSpec Network { get; init; }

        public IReadOnlyList<string> Cgroups { get; init; } = [];

        public required Guid? Generation { get; init; }

        public required Beginning Beginning { get; init; }

        public required VmUser? User { get; init; }

        public required long MaxFileBytes { get; init; }

        /// <summary>All that it inherits.</summary>
        public required HandedFiles Handed { get; init; }

        public required VmSockets<ListeningSocket> Sockets { get; init; }
    }
}
