using Google.Protobuf.WellKnownTypes;
using Templating.OwnerPort.Conversations;
using Templating.OwnerPort.Errors;
using Templating.OwnerPort.Processes;
using Templating.OwnerPort.Requests;
using Templating.Shim.Daemon;
using Templating.Shim.Errors;
using Templating.Shim.Forwarding;
using Templating.Shim.Host;
using Templating.Shim.Options;
using Templating.Shim.Protocol.Types;
using Templating.Shim.Specs;
using Templating.Shim.Volumes;

namespace Templating.Shim.Pods;

/// <summary>
/// What all containers of a pod have together: the VM, its volumes, its room. It begins with the sandbox (or the only container) and ends
/// once, by whoever asks first or by the VM's own end.
/// </summary>
internal sealed class Pod : IPod
{
    private const uint UnknownRequest = 71;     // EPROTO

    private static readonly DeviceNumbers Unknown = new(0, 0, 0);

    private readonly PodVmClient _daemon;
    private readonly PodVm _vm;
    private readonly PodVolumes _volumes;
    private readonly PodDisks _disks;
    private readonly BundleSpec _spec;
    private readonly IReadOnlyList<string> _cgroups;
    private readonly ShimLog _log;
    private readonly TimeProvider _clock;
    private readonly LoopbackRelay? _loopback;
    private readonly StartTurns _turns;
    private bool? _sharesProcesses;

    private Pod(PodVmClient daemon, PodVm vm, BundleSpec spec, IReadOnlyList<string> cgroups, StartTurns turns, ShimLog log, TimeProvider clock)
    {
        (_daemon, _vm, _spec, _cgroups, _turns, _log, _clock) = (daemon, vm, spec, cgroups, turns, log, clock);
        _volumes = new PodVolumes(vm.Guest, vm.UpperBytes, new ShimLogger(log), clock);
        _disks = new PodDisks(daemon, vm);
        _loopback = spec.NetworkNamespace is { } network ? LoopbackRelay.TryStart(network, vm.Guest, log) : null;
        Ended = WatchAsync(log);
    }

    public int Pid => _vm.Pid;

    public Task Ended { get; }

    private OwnerPortConnection Guest => _vm.Guest;

    /// <param name="spec">Of its sandbox, or of its only container.</param>
    /// <param name="options">Of the runtime's handler, as containerd passes them.</param>
    /// <param name="containerdNamespace">k8s.io with Kubernetes.</param>
    /// <param name="remember">Called before anything is acquired that is to be given back: whoever cleans up after this process must know.</param>
    /// <param name="turns">Of the host's pods.</param>
    /// <param name="log">For warnings.</param>
    /// <param name="clock">The host's.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ShimException">It cannot be had, and nothing of it is left.</exception>
    public static async Task<Pod> StartAsync(
        BundleSpec spec, Any? options, string containerdNamespace, Action<ShimOptions, PodIdentity, IReadOnlyList<string>> remember, StartTurns turns,
        ShimLog log, TimeProvider clock, CancellationToken cancellationToken)
    {
        GuestSpec.CheckSandbox(spec);
        var settings = ShimOptions.Read(options);
        var identity = PodIdentity.Of(settings, containerdNamespace, spec.SandboxId, spec.Annotations);
        var cgroups = PodCgroup.Create(spec.CgroupsPath ?? "");
        var daemon = new PodVmClient(settings, clock);
        try
        {
            remember(settings, identity, cgroups);
            var vm = await PodVm.StartAsync(daemon, new PodRequest(identity, spec, cgroups), turns, log, clock, cancellationToken);
            return new Pod(daemon, vm, spec, cgroups, turns, log, clock);
        }
        catch
        {
            daemon.Dispose();
            PodCgroup.Remove(cgroups);
            throw;
        }
    }

    public async Task<GuestContainer> PrepareAsync(
        BundleSpec spec, IReadOnlyList<Mount> rootfs, IReadOnlyCollection<SpecResources> resources, CancellationToken cancellationToken)
    {
        var sandbox = spec.Kind == ContainerKind.PodContainer ? _spec : null;
        var devices = BlockDevices.Of(spec);
        var options = new GuestSpecOptions(spec.Id, GuestRoots.PathOf(spec.Id))
        {
            Sandbox = sandbox,
            Devices = devices.Select(d => d.Numbers).Distinct().ToDictionary(n => n, _ => Unknown),
            SharedPidNamespace = SharesProcesses(spec) ? GuestSpec.PodProcesses : null,
        };
        // What cannot be is refused before anything of the node is claimed for it.
        _ = GuestSpec.Build(spec, options);
        var steps = new Steps(_clock);
        await steps.RunAsync("size", () => _vm.GrowAsync(resources, cancellationToken));
        var disks = await _disks.PlugAsync(devices, cancellationToken);
        if (options.SharedPidNamespace is not null)
        {
            await ShareProcessesAsync(cancellationToken);
        }

        var container = GuestSpec.Build(spec, options with { Devices = disks });
        var root = _vm.MountRootAsync(spec.Id, RootLayers.Of(rootfs), steps, cancellationToken);
        var volumes = steps.RunAsync("files", () => _volumes.PrepareAsync(container, root, cancellationToken));
        try
        {
            await Task.WhenAll(root, volumes);
            _log.Info($"Root of {spec.Id} after {steps}");
            return container;
        }
        catch
        {
            // Also one that was mounted after the other had failed.
            await TryAsync(() => Guest.UnmountAsync(spec.Id, CancellationToken.None));
            throw;
        }
    }

    public async Task<GuestProcess> RunAsync(ProcessStart start, CancellationToken cancellationToken)
    {
        using var turn = await _turns.TakeForContainerAsync(cancellationToken);
        return await Guest.RunAsync(start, cancellationToken);
    }

    public Task<GuestProcess> ExecAsync(ProcessStart start, CancellationToken cancellationToken) => Guest.ExecAsync(start, cancellationToken);

    public Task<ContainerCounts> CountAsync(string container, CancellationToken cancellationToken) => Guest.CountAsync(container, cancellationToken);

    public async Task UpdateAsync(string container, ContainerLimits limits, CancellationToken cancellationToken)
    {
        try
        {
            await Guest.UpdateAsync(container, limits, cancellationToken);
        }
        catch (ArgumentException e)
        {
            throw ShimException.Invalid($"The limits of container {container} cannot be changed: {e.Message}");
        }
        catch (GuestRefusedException e) when (e.Errno == UnknownRequest)
        {
            throw ShimException.Unimplemented(
                $"The limits of container {container} cannot be changed: the pod's guest is from before that. Build its template anew, of a newer guest.");
        }
    }

    public Task EndAsync(GuestContainer container) => _volumes.EndAsync(container, CancellationToken.None);

    public async Task RemoveAsync(string container)
    {
        await TryAsync(() => Guest.DeleteAsync(container, CancellationToken.None));
        await TryAsync(() => Guest.UnmountAsync(container, CancellationToken.None));
    }

    public Task GrowAsync(IReadOnlyCollection<SpecResources> resources, CancellationToken cancellationToken) => _vm.GrowAsync(resources, cancellationToken);

    public Task PauseAsync(CancellationToken cancellationToken) => _vm.PauseAsync(cancellationToken);

    public Task ResumeAsync(CancellationToken cancellationToken) => _vm.ResumeAsync(cancellationToken);

    public async Task ReleaseAsync()
    {
        // First: a namespace that is removed while it has sockets would live on.
        if (_loopback is not null)
        {
            await _loopback.DisposeAsync();
        }

        await _vm.ReleaseAsync();
        PodCgroup.Remove(_cgroups);
    }

    public async ValueTask DisposeAsync()
    {
        await _volumes.DisposeAsync();
        _disks.Dispose();
        await _vm.DisposeAsync();
        _daemon.Dispose();
    }

    private async Task WatchAsync(ShimLog log)
    {
        if (await Task.WhenAny(_vm.Ended, Guest.Ended) == Guest.Ended)
        {
            log.Warning($"The conversation with the guest has ended: {(await Guest.Ended).Message}");
        }
    }

    /// <summary>
    /// Whether a pod shares processes is said to its containers alone, and to each by a path of the host's that tells no more: its first one
    /// settles it. A debugging container may ask for it later, of one other container, which cannot be given.
    /// </summary>
    private bool SharesProcesses(BundleSpec spec)
    {
        if (spec.Kind != ContainerKind.PodContainer)
        {
            return false;
        }

        var asks = spec.Namespaces.GetValueOrDefault("pid") is { Length: > 0 };
        _sharesProcesses ??= asks;
        return asks && _sharesProcesses.Value;
    }

    private async Task ShareProcessesAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Guest.ShareProcessesAsync(cancellationToken);
        }
        catch (GuestRefusedException e)
        {
            throw ShimException.NotNow(
                $"shareProcessNamespace: the guest cannot share processes: {e.Message}. Is it from before that, build its template anew, of a newer guest.");
        }
    }

    /// <summary>What is gone needs no undoing.</summary>
    private static async Task TryAsync(Func<Task> step)
    {
        try
        {
            await step();
        }
        catch (Exception e) when (e is GuestRefusedException or OwnerPortException or TimeoutException)
        {
            _ = e;
        }
    }
}
