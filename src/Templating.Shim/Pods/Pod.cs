using Google.Protobuf.WellKnownTypes;
using Templating.OwnerPort.Conversations;
using Templating.OwnerPort.Errors;
using Templating.OwnerPort.Processes;
using Templating.OwnerPort.Requests;
using Templating.Shim.Daemon;
using Templating.Shim.Errors;
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
    private static readonly DeviceNumbers Unknown = new(0, 0, 0);

    private readonly PodVmClient _daemon;
    private readonly PodVm _vm;
    private readonly PodVolumes _volumes;
    private readonly PodDisks _disks;
    private readonly BundleSpec _spec;
    private readonly IReadOnlyList<string> _cgroups;

    private Pod(PodVmClient daemon, PodVm vm, BundleSpec spec, IReadOnlyList<string> cgroups, ShimLog log, TimeProvider clock)
    {
        (_daemon, _vm, _spec, _cgroups) = (daemon, vm, spec, cgroups);
        _volumes = new PodVolumes(vm.Guest, vm.UpperBytes, new ShimLogger(log), clock);
        _disks = new PodDisks(daemon, vm);
        Ended = WatchAsync(log);
    }

    public int Pid => _vm.Pid;

    public Task Ended { get; }

    private OwnerPortConnection Guest => _vm.Guest;

    /// <param name="spec">Of its sandbox, or of its only container.</param>
    /// <param name="options">Of the runtime's handler, as containerd passes them.</param>
    /// <param name="containerdNamespace">k8s.io with Kubernetes.</param>
    /// <param name="remember">Called before anything is acquired that is to be given back: whoever cleans up after this process must know.</param>
    /// <param name="log">For warnings.</param>
    /// <param name="clock">The host's.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ShimException">It cannot be had, and nothing of it is left.</exception>
    public static async Task<Pod> StartAsync(
        BundleSpec spec, Any? options, string containerdNamespace, Action<ShimOptions, PodIdentity, IReadOnlyList<string>> remember, ShimLog log, TimeProvider clock,
        CancellationToken cancellationToken)
    {
        GuestSpec.CheckSandbox(spec);
        var settings = ShimOptions.Read(options);
        var identity = PodIdentity.Of(settings, containerdNamespace, spec.SandboxId, spec.Annotations);
        var cgroups = PodCgroup.Create(spec.CgroupsPath ?? "");
        var daemon = new PodVmClient(settings, clock);
        try
        {
            remember(settings, identity, cgroups);
            var vm = await PodVm.StartAsync(daemon, new PodRequest(identity, spec, cgroups), log, cancellationToken);
            return new Pod(daemon, vm, spec, cgroups, log, clock);
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
        // What cannot be is refused before anything of the node is claimed for it.
        var unknown = devices.Select(d => d.Numbers).Distinct().ToDictionary(n => n, _ => Unknown);
        _ = GuestSpec.Build(spec, new GuestSpecOptions(spec.Id, "") { Sandbox = sandbox, Devices = unknown });
        await _vm.GrowAsync(resources, cancellationToken);
        var disks = await _disks.PlugAsync(devices, cancellationToken);
        var root = await _vm.MountRootAsync(spec.Id, RootLayers.Of(rootfs), cancellationToken);
        try
        {
            var container = GuestSpec.Build(spec, new GuestSpecOptions(spec.Id, root.Path) { Sandbox = sandbox, Devices = disks });
            await _volumes.PrepareAsync(container, cancellationToken);
            return container;
        }
        catch
        {
            await TryAsync(() => Guest.UnmountAsync(spec.Id, CancellationToken.None));
            throw;
        }
    }

    public Task<GuestProcess> RunAsync(ProcessStart start, CancellationToken cancellationToken) => Guest.RunAsync(start, cancellationToken);

    public Task<GuestProcess> ExecAsync(ProcessStart start, CancellationToken cancellationToken) => Guest.ExecAsync(start, cancellationToken);

    public Task<ContainerCounts> CountAsync(string container, CancellationToken cancellationToken) => Guest.CountAsync(container, cancellationToken);

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
