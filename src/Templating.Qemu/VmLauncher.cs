using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Templating.Contract;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Core.Machines;
using Templating.Qemu.Base;
using Templating.Qemu.CommandLine;
using Templating.Qemu.Confinement;
using Templating.Qemu.Process;

namespace Templating.Qemu;

/// <summary>
/// Makes a process of a command line: with its sockets and files as descriptors and a user of its own; where the daemon has the right to, in
/// a jail, with no file system and no network of the host's.
/// </summary>
internal sealed class VmLauncher : IDisposable
{
    /// <summary>What a clone's QEMU may write to a file: its standard error, and without a disk it has nothing else to write.</summary>
    private const long CloneFileBytes = MachineSpec.MiB;

    private readonly QemuOptions _options;
    private readonly ProcessWatcher _watcher;
    private readonly ILogger _logger;
    private readonly Privileges _privileges;
    private readonly Lock _lock = new();
    private Jail? _jail;

    public VmLauncher(QemuOptions options, ProcessWatcher watcher, ILogger logger)
    {
        (_options, _watcher, _logger) = (options, watcher, logger);
        _privileges = new Privileges(options.EndWithProcess);
        // A VM that ends with this process runs in a pod: the pod's mount and network namespaces are its own already, and its
        // process has no right to make others.
        Confines = !options.EndWithProcess && Capabilities.Has(Capabilities.SysAdmin) && Capabilities.Has(Capabilities.SysChroot);
        if (!Confines && !options.EndWithProcess)
        {
            Log.Unconfined(logger);
        }
    }

    /// <summary>Whether VMs are put into a jail.</summary>
    public bool Confines { get; }

    public void Dispose() => _jail?.Dispose();

    /// <summary>
    /// The largest file that a clone may write. Where it may get a disk, its limit must be wide from the start, unless the daemon has the right
    /// to raise it when that is plugged, to that disk's size: a QEMU that its guest has taken over could write as much into its standard error.
    /// </summary>
    public long CloneFileLimit(ResolvedMachine machine) =>
        machine.Sandbox && !_options.EndWithProcess && !Capabilities.Has(Capabilities.SysResource) ? DeviceRules.MostDisk : CloneFileBytes;

    /// <summary>The listening ends; QEMU has its copies of them once it is started.</summary>
    public static VmSockets<ListeningSocket> Open(HandedFiles handed, VmFolder folder) =>
        new VmSockets<string>(folder.Qmp, folder.Agent, folder.Guest, folder.Console).Select(path => handed.Own(ListeningSocket.Bind(path)));

    /// <summary>The character devices on them.</summary>
    public static VmSockets<CharacterDevice> Hand(HandedFiles handed, VmSockets<ListeningSocket> sockets)
    {
        var numbers = sockets.Select(socket => handed.Add(socket.Fd));
        return new(new("qmp", numbers.Qmp), new("agent", numbers.Agent), new("guest", numbers.Guest), new("console", numbers.Console));
    }

    /// <summary>A sandbox's port for its owner, who connects to it, and nobody else; null for another machine.</summary>
    public static CharacterDevice? HandOwner(HandedFiles handed, ResolvedMachine machine, VmFolder folder) => machine.Sandbox
        ? new CharacterDevice("shim", handed.Add(handed.Own(ListeningSocket.Bind(folder.Shim)).Fd))
        : null;

    public Jail? JailFor(string qemuPath)
    {
        lock (_lock)
        {
            return Confines ? _jail ??= Jail.Make([qemuPath]) : null;
        }
    }

    public VmLink Launch(VmOrder order)
    {
        var jail = JailFor(order.Launch.QemuPath);
        var group = KvmGroup(order.Launch.Machine);
        IReadOnlyList<string> arguments = [.. _privileges.Prefix(order.User, group), .. QemuCommandLine.Build(order.Launch)];
        VmSockets<Socket>? connected = null;
        ForwardSockets? forwards = null;
        var asking = -1;
        try
        {
            connected = ConnectAll(order.Sockets);
            var pid = Spawner.Start(new SpawnRequest
            {
                Arguments = arguments,
                OutputPath = order.Folder.StandardError,
                Descriptors = order.Handed.Descriptors,
                MaxFileBytes = order.MaxFileBytes,
                ByLastingThread = _options.EndWithProcess,
                Confine = _options.EndWithProcess ? null : () =>
                {
                    if (jail is not null)
                    {
                        jail.Enter();
                        asking = CallFilter.Apply();
                    }

                    _privileges.GiveUp(order.User, group);
                },
            });

            // Not from within: a thread of a confined one would be under the filter too, and ask itself.
            (forwards, asking) = asking < 0 ? (null, -1) : (new ForwardSockets(asking, order.Ports), -1);
            Log.Started(_logger, pid, string.Join(' ', arguments));
            // Read before it is watched: a child that has ended at once stays in /proc until the watcher takes it from there.
            var process = ProcessIds.Read(pid)
                ?? throw new TemplatingException(ErrorCode.Internal, $"Process {pid} is not to be seen in /proc.");
            return new VmLink
            {
                Folder = order.Folder,
                Watched = _watcher.Watch(pid, isChild: true)!,
                Process = process,
                Sockets = connected,
                Files = order.Files,
                Forwards = forwards,
                KnownForwards = order.KnownForwards,
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

    private static uint? KvmGroup(ResolvedMachine machine) =>
        machine.Accelerator == Accelerator.Kvm ? FileStamp.TryRead("/dev/kvm")?.Gid : null;
}
