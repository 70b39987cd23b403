using Google.Protobuf.WellKnownTypes;
using Templating.OwnerPort.Conversations;
using Templating.OwnerPort.Errors;
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
internal sealed class Pod : IAsyncDisposable
{
    private readonly PodVmClient _daemon;
    private readonly PodVm _vm;
    private readonly PodVolumes _volumes;
    private readonly BundleSpec _spec;
    private readonly IReadOnlyList<string> _cgroups;
    private readonly ShimLog _log;
    private readonly TimeProvider _clock;

    private Pod(PodVmClient daemon, PodVm vm, BundleSpec spec, IReadOnlyList<string> cgroups, ShimLog log, TimeProvider clock)
    {
        (_daemon, _vm, _spec, _cgroups, _log, _clock) = (daemon, vm, spec, cgroups, log, clock);
        _volumes = new PodVolumes(vm.Guest, vm.UpperBytes, new ShimLogger(log), clock);
    }

    public int Pid => _vm.Pid;

    public Task Ended => _vm.Ended;

    public OwnerPortConnection Guest => _vm.Guest;

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
            var vm = await PodVm.StartAsync(daemon, new PodRequest(identity, spec, cgroups), log, clock, cancellationToken);
            return new Pod(daemon, vm, spec, cgroups, log, clock);
        }
        catch
        {
            daemon.Dispose();
            PodCgroup.Remove(cgroups);
            throw;
        }
    }

    /// <summary>Has a container's root and volumes in the guest, and room for it.</summary>
    /// <param name="spec">Its own.</param>
    /// <param name="rootfs">As containerd would have mounted it.</param>
    /// <param name="resources">Of all of the pod's containers, with this one.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<GuestContainer> PrepareAsync(
        BundleSpec spec, IReadOnlyList<Mount> rootfs, IReadOnlyCollection<SpecResources> resources, CancellationToken cancellationToken)
    {
        var steps = new Steps(_clock);
        var container = GuestSpec.Build(
            spec, new GuestSpecOptions(spec.Id, GuestRoots.PathOf(spec.Id)) { Sandbox = spec.Kind == ContainerKind.PodContainer ? _spec : null });
        await steps.RunAsync("size", () => _vm.GrowAsync(resources, cancellationToken));
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

    /// <summary>Before its end is told: what the kubelet reads of it must be there by then.</summary>
    public Task EndAsync(GuestContainer container) => _volumes.EndAsync(container, CancellationToken.None);

    /// <summary>Takes a container that has ended or never ran out of the guest; of a VM that is gone there is nothing to take.</summary>
    public async Task RemoveAsync(string container)
    {
        await TryAsync(() => Guest.DeleteAsync(container, CancellationToken.None));
        await TryAsync(() => Guest.UnmountAsync(container, CancellationToken.None));
    }

    public Task GrowAsync(IReadOnlyCollection<SpecResources> resources, CancellationToken cancellationToken) => _vm.GrowAsync(resources, cancellationToken);

    public Task PauseAsync(CancellationToken cancellationToken) => _vm.PauseAsync(cancellationToken);

    public Task ResumeAsync(CancellationToken cancellationToken) => _vm.ResumeAsync(cancellationToken);

    /// <summary>Ends the VM, once.</summary>
    public async Task ReleaseAsync()
    {
        await _vm.ReleaseAsync();
        PodCgroup.Remove(_cgroups);
    }

    public async ValueTask DisposeAsync()
    {
        await _volumes.DisposeAsync();
        await _vm.DisposeAsync();
        _daemon.Dispose();
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
