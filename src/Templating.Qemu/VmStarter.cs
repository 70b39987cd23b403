using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Templating.Contract;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Core.Machines;
using Templating.Qemu.Base;
using Templating.Qemu.CommandLine;
using Templating.Qemu.Confinement;
using Templating.Qemu.Memory;
using Templating.Qemu.Process;

namespace Templating.Qemu;

/// <summary>
/// Starts QEMU with all it will ever have: its files and sockets as descriptors, its ports, a user. Where the daemon has the
/// right to, in a jail: no file system and no network of the host's.
/// </summary>
internal sealed class VmStarter : IDisposable
{
    /// <summary>What a clone's QEMU may write to a file: its standard error, and without a disk it has nothing else to write.</summary>
    private const long CloneFileBytes = MachineSpec.MiB;

    /// <summary>Above its RAM, what a template's QEMU may write: the device state (0.3 MB seen) and its standard error.</summary>
    private const long TemplateExtraBytes = 256 * MachineSpec.MiB;

    private readonly QemuOptions _options;
    private readonly ProcessWatcher _watcher;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Privileges _privileges;
    private readonly Lock _lock = new();
    private readonly bool _confines;
    private Jail? _jail;

    public VmStarter(QemuOptions options, ProcessWatcher watcher, TimeProvider time, ILogger logger)
    {
        (_options, _watcher, _time, _logger) = (options, watcher, time, logger);
        _privileges = new Privileges(options.EndWithProcess);
        // A VM that ends with this process runs in a pod: the pod's mount and network namespaces are its own already, and its
        // process has no right to make others.
        _confines = !options.EndWithProcess && Capabilities.Has(Capabilities.SysAdmin) && Capabilities.Has(Capabilities.SysChroot);
        if (!_confines && !options.EndWithProcess)
        {
            Log.Unconfined(logger);
        }
    }

    public async Task<IVm> BootAsync(string qemuPath, BootRequest request, CancellationToken cancellationToken)
    {
        using var handed = new HandedFiles();
        var sockets = Open(handed, request.Folder);
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
        var sockets = Open(handed, request.Folder);
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
                MaxFileBytes = MayGetADisk(request.Machine) ? DeviceRules.MostDisk : CloneFileBytes,
                Handed = handed,
                Sockets = sockets,
            }, qemuPath, cancellationToken);
    }

    public void Dispose() => _jail?.Dispose();

    /// <summary>
    /// Whether its limit must be wide from the start. A daemon that has the right to raises it when a disk is plugged, to that disk's size: a
    /// QEMU that its guest has taken over could write as much into its standard error.
    /// </summary>
    private bool MayGetADisk(ResolvedMachine machine) => machine.Sandbox && !_options.EndWithProcess && !Capabilities.Has(Capabilities.SysResource);

    /// <summary>The listening ends; QEMU has its copies of them once it is started.</summary>
    private static VmSockets<ListeningSocket> Open(HandedFiles handed, VmFolder folder) =>
        new VmSockets<string>(folder.Qmp, folder.Agent, folder.Guest, folder.Console).Select(path => handed.Own(ListeningSocket.Bind(path)));

    private async Task<QemuVm> StartAsync(Start start, string qemuPath, CancellationToken cancellationToken)
    {
        var jail = _confines ? JailFor(qemuPath) : null;
        var numbers = start.Sockets.Select(socket => start.Handed.Add(socket.Fd));
        // Its owner connects to it, and nobody else.
        var owner = start.Machine.Sandbox
            ? new CharacterDevice("shim", start.Handed.Add(start.Handed.Own(ListeningSocket.Bind(start.Folder.Shim)).Fd))
            : null;
        // QEMU takes the free ones itself; passt has all of its ports reserved for it.
        using var reserved = new PortReservations(
            start.Network.Outbound && !_options.EndWithProcess ? [] : [.. start.Network.Forwards.Where(forward => forward.HostPort != 0)], start.User);
        // Where the daemon is the one to keep the guest from the host's loopback; in a pod QEMU's own network does.
        using var network = start.Network.Outbound && !_options.EndWithProcess
            ? await OutboundNetwork.StartAsync(_watcher, start.Network.Forwards, start.User, start.Folder, _time, cancellationToken)
            : null;
        var launch = new QemuLaunch
        {
            QemuPath = qemuPath,
            Machine = start.Machine,
            Ram = new MemoryBackend(QemuCommandLine.RamId, start.Role, start.Ram.Path, start.Machine.MemoryBytes),
            Images = [.. start.Images.Select((file, i) => new MemoryBackend($"image{i}", MemoryRole.Image, file.Path, file.Bytes))],
            StateDescriptor = start.State.Descriptor,
            Network = network is null
                ? new NetworkBackend.User(start.Network.Outbound, start.Network.Forwards)
                : new NetworkBackend.Stream(start.Handed.Add(network.Descriptor)),
            Generation = start.Generation,
            Beginning = start.Beginning,
            TcgBufferMiB = _options.TcgBufferMiBOf(start.Machine),
            Sockets = new VmSockets<CharacterDevice>(
                new("qmp", numbers.Qmp), new("agent", numbers.Agent), new("guest", numbers.Guest), new("console", numbers.Console)),
            Owner = owner,
        };
        var vm = new QemuVm(Launch(launch, start, jail, network?.Forwards), _options, _time, _logger);
        // QEMU alone listens from here on: when it ends before it has accepted, our ends of the connections must end too.
        start.Handed.Dispose();
        return await OrEndAsync(vm, async () =>
        {
            Cgroups.Place(vm.Process.Pid, start.Cgroups);
            await vm.StartAsync(_options.StartTimeout, cancellationToken);
            await vm.GuardAsync(() =>
            {
                jail?.Empty(vm.Process.Pid);
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

    private VmLink Launch(QemuLaunch launch, Start start, Jail? jail, IReadOnlyList<PortForward>? knownForwards)
    {
        IReadOnlyList<string> arguments =
            [.. _privileges.Prefix(start.User, KvmGroup(launch.Machine)), .. QemuCommandLine.Build(launch)];
        VmSockets<Socket>? connected = null;
        ForwardSockets? forwards = null;
        var asking = -1;
        try
        {
            connected = ConnectAll(start.Sockets);
            var pid = Spawner.Start(new SpawnRequest
            {
                Arguments = arguments,
                OutputPath = start.Folder.StandardError,
                Descriptors = start.Handed.Descriptors,
                MaxFileBytes = start.MaxFileBytes,
                ByLastingThread = _options.EndWithProcess,
                Confine = jail is null ? null : () =>
                {
                    jail.Enter();
                    asking = CallFilter.Apply();
                },
            });

            // Not from within: a thread of a confined one would be under the filter too, and ask itself.
            (forwards, asking) = asking < 0 ? (null, -1) : (new ForwardSockets(asking, start.Network.Forwards.Count), -1);
            Log.Started(_logger, pid, string.Join(' ', arguments));
            // Read before it is watched: a child that has ended at once stays in /proc until the watcher takes it from there.
            var process = ProcessIds.Read(pid)
                ?? throw new TemplatingException(ErrorCode.Internal, $"Process {pid} is not to be seen in /proc.");
            return new VmLink
            {
                Folder = start.Folder,
                Watched = _watcher.Watch(pid, isChild: true)!,
                Process = process,
                Sockets = connected,
                Files = [new GuestFile(start.Ram.KernelName, start.Role), .. start.Images.Select(file => new GuestFile(file.KernelName, MemoryRole.Image))],
                Forwards = forwards,
                KnownForwards = knownForwards,
            };
        }
        catch
        {
            connected?.All.ToList().ForEach(socket => socket.Dispose());
            forwards?.Dispose();
            if (asking >= 0)
            {
                _ = DescriptorCalls.Close(asking);
            }

            throw;
        }
    }

    private static VmSockets<Socket> ConnectAll(VmSockets<ListeningSocket> listening)
    {
        var connected = new List<Socket>();
        try
        {
            return listening.Select(socket =>
            {
                var end = socket.Connect();
                connected.Add(end);
                return end;
            });
        }
        catch
        {
            connected.ForEach(socket => socket.Dispose());
            throw;
        }
    }

    private Jail JailFor(string qemuPath)
    {
        lock (_lock)
        {
            return _jail ??= Jail.Make([qemuPath]);
        }
    }

    private static uint? KvmGroup(ResolvedMachine machine) =>
        machine.Accelerator == Accelerator.Kvm ? FileStamp.TryRead("/dev/kvm")?.Gid : null;

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
