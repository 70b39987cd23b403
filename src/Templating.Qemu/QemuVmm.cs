using Microsoft.Extensions.Logging;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Core.Machines;
using Templating.Qemu.Base;
using Templating.Qemu.CommandLine;
using Templating.Qemu.Memory;
using Templating.Qemu.Probing;
using Templating.Qemu.Process;

namespace Templating.Qemu;

/// <summary>QEMU as the virtual machine monitor. Its VMs are sessions of their own and outlive it.</summary>
public sealed class QemuVmm : IVmm, IDisposable
{
    /// <summary>What a clone's QEMU may write to a file: its standard error, and it has nothing else to write.</summary>
    private const long CloneFileBytes = MachineSpec.MiB;

    /// <summary>Above its RAM, what a template's QEMU may write: the device state (0.3 MB seen) and its standard error.</summary>
    private const long TemplateExtraBytes = 256 * MachineSpec.MiB;

    private readonly QemuOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ProcessWatcher _watcher = new();
    private readonly Privileges _privileges;
    private readonly QemuProbe _probe;

    public QemuVmm(QemuOptions options, TimeProvider time, ILogger<QemuVmm> logger)
    {
        (_options, _time, _logger) = (options, time, logger);
        _privileges = new Privileges(options.EndWithProcess);
        _probe = new QemuProbe(options, _watcher, time, logger);
    }

    public VmmInfo? Known => _probe.Known?.Info;

    public async Task<VmmInfo> ProbeAsync(bool refresh, CancellationToken cancellationToken) =>
        (await _probe.GetAsync(refresh, cancellationToken)).Info;

    public async Task<ResolvedMachine> ResolveAsync(MachineSpec spec, int imageCount, CancellationToken cancellationToken) =>
        MachineResolver.Resolve(spec, imageCount, await _probe.GetAsync(refresh: false, cancellationToken));

    public async Task<IVm> BootAsync(BootRequest request, CancellationToken cancellationToken) =>
        await StartAsync(new Start
        {
            Folder = request.Folder,
            Machine = request.Machine,
            Ram = Ram(MemoryRole.TemplateRam, request.MemoryPath, request.Machine),
            ImagePaths = request.ImagePaths,
            Network = request.Network,
            Generation = null,
            Beginning = new Beginning.Boot(request.KernelPath, request.InitrdPath, request.CommandLine),
            User = request.User,
            MaxFileBytes = request.Machine.MemoryBytes + TemplateExtraBytes,
        }, cancellationToken);

    public async Task<IVm> PrepareAsync(PrepareRequest request, CancellationToken cancellationToken) =>
        await StartAsync(new Start
        {
            Folder = request.Folder,
            Machine = request.Machine,
            Ram = Ram(MemoryRole.CloneRam, request.MemoryPath, request.Machine),
            ImagePaths = request.ImagePaths,
            Network = request.Network,
            Generation = request.Generation,
            Beginning = new Beginning.Incoming(),
            User = request.User,
            MaxFileBytes = CloneFileBytes,
        }, cancellationToken);

    public Task<IVm?> AdoptAsync(VmFolder folder, VmProcessId process, CancellationToken cancellationToken) =>
        Adoption.TryAsync(folder, process, _watcher, _options, _time, _logger, cancellationToken);

    public Task<IReadOnlyList<LingeringVm>> ReapAsync(IReadOnlyList<LeftVm> left, CancellationToken cancellationToken) =>
        Reaper.RunAsync(left, _watcher, _time, _logger, cancellationToken);

    /// <summary>Lets go of the VMs; they run on.</summary>
    public void Dispose()
    {
        _watcher.Dispose();
        _probe.Dispose();
    }

    private static MemoryBackend Ram(MemoryRole role, string path, ResolvedMachine machine) =>
        new(QemuCommandLine.RamId, role, RealPaths.Of(path), machine.MemoryBytes);

    private static MemoryBackend Image(string path, int index)
    {
        var real = RealPaths.Of(path);
        return new MemoryBackend($"image{index}", MemoryRole.Image, real, new FileInfo(real).Length);
    }

    private async Task<IVm> StartAsync(Start start, CancellationToken cancellationToken)
    {
        var images = start.ImagePaths.Select(Image).ToList();
        var path = (await _probe.GetAsync(refresh: false, cancellationToken)).Info.Path;
        using var listening = new Sockets(start.Folder);
        var descriptor = Spawner.FirstDescriptor;
        var names = new VmSockets<string>("qmp", "agent", "guest", "console");
        var launch = new QemuLaunch
        {
            QemuPath = path,
            Machine = start.Machine,
            Ram = start.Ram,
            Images = images,
            Network = start.Network,
            Generation = start.Generation,
            Beginning = start.Beginning,
            TcgBufferMiB = _options.TcgBufferMiB,
            Sockets = names.Select(name => new CharacterDevice(name, descriptor++)),
        };
        var link = Launch(launch, start, listening, images);
        // QEMU alone listens from here on: when it ends before it has accepted, our ends of the connections must end too.
        listening.Dispose();
        var vm = new QemuVm(link, _options, _time, _logger);
        try
        {
            await vm.StartAsync(cancellationToken);
            return vm;
        }
        catch (Exception)
        {
            await vm.KillAsync();
            await vm.DisposeAsync();
            throw;
        }
    }

    private VmLink Launch(QemuLaunch launch, Start start, Sockets listening, List<MemoryBackend> images)
    {
        IReadOnlyList<string> arguments =
            [.. _privileges.Prefix(start.User, KvmGroup(launch.Machine)), .. QemuCommandLine.Build(launch)];
        var connected = listening.All.Select(socket => socket.Connect());
        try
        {
            var pid = Spawner.Start(new SpawnRequest
            {
                Arguments = arguments,
                OutputPath = start.Folder.StandardError,
                Descriptors = [.. listening.All.All.Select(socket => socket.Fd)],
                MaxFileBytes = start.MaxFileBytes,
                ByLastingThread = _options.EndWithProcess,
            });
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
                Files = [.. images.Append(launch.Ram).Select(backend => new GuestFile(backend.Path, backend.Role))],
            };
        }
        catch (Exception)
        {
            connected.All.ToList().ForEach(socket => socket.Dispose());
            throw;
        }
    }

    private static uint? KvmGroup(ResolvedMachine machine) =>
        machine.Accelerator == Accelerator.Kvm ? FileStamp.TryRead("/dev/kvm")?.Gid : null;

    private sealed record Start
    {
        public required VmFolder Folder { get; init; }

        public required ResolvedMachine Machine { get; init; }

        public required MemoryBackend Ram { get; init; }

        public required IReadOnlyList<string> ImagePaths { get; init; }

        public required NetworkSpec Network { get; init; }

        public required Guid? Generation { get; init; }

        public required Beginning Beginning { get; init; }

        public required VmUser? User { get; init; }

        public required long MaxFileBytes { get; init; }
    }

    /// <summary>The listening ends; QEMU has its copies of them once it is started.</summary>
    private sealed class Sockets : IDisposable
    {
        private readonly List<ListeningSocket> _bound = [];

        public Sockets(VmFolder folder)
        {
            try
            {
                All = new VmSockets<string>(folder.Qmp, folder.Agent, folder.Guest, folder.Console).Select(path =>
                {
                    var socket = ListeningSocket.Bind(path);
                    _bound.Add(socket);
                    return socket;
                });
            }
            catch (Exception)
            {
                Dispose();
                throw;
            }
        }

        public VmSockets<ListeningSocket> All { get; }

        public void Dispose() => _bound.ForEach(socket => socket.Dispose());
    }
}
