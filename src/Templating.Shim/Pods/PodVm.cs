using Templating.Contract;
using Templating.OwnerPort.Conversations;
using Templating.OwnerPort.Requests;
using Templating.Shim.Daemon;
using Templating.Shim.Errors;
using Templating.Shim.Host;
using Templating.Shim.Network;
using Templating.Shim.Specs;
using Templating.V1;

namespace Templating.Shim.Pods;

/// <summary>A pod's VM with its network and the conversation with its guest. What starting it had begun is undone when a step fails.</summary>
internal sealed class PodVm : IAsyncDisposable
{
    private readonly PodVmClient _daemon;
    private readonly PodRequest _request;
    private readonly ShimLog _log;
    private readonly TimeProvider _clock;
    private readonly SemaphoreSlim _changes = new(1);
    private readonly Dictionary<string, string> _imageBridges = new(StringComparer.Ordinal);
    private readonly List<(string Interface, string Tap)> _redirections = [];
    private readonly Lock _releaseLock = new();
    private HeldVm? _held;
    private OwnerPortConnection? _guest;
    private Task? _release;
    private PodSize _size;

    private PodVm(PodVmClient daemon, PodRequest request, ShimLog log, TimeProvider clock) => (_daemon, _request, _log, _clock) = (daemon, request, log, clock);

    /// <summary>Its QEMU's process, the one that the pod has on the host.</summary>
    public int Pid => Held.QemuPid;

    public string Name => Held.Name;

    public OwnerPortConnection Guest => _guest ?? throw new InvalidOperationException("The guest was not connected to.");

    /// <summary>When its process has ended, however.</summary>
    public Task Ended => End.Ended;

    /// <summary>What a root or an emptyDir may take of the guest's memory, as Linux has it for a tmpfs.</summary>
    public long UpperBytes => Math.Max(_size.MemoryBytes / 2, 1);

    private HeldVm Held => _held ?? throw new InvalidOperationException("The VM was not acquired.");

    private VmEnd End { get; set; } = null!;

    private TemplateRoom Room
    {
        get
        {
            var room = Held.Room;
            return new TemplateRoom(_request.Identity.Template, room.Vcpus, room.MemoryBytes, room.MaxVcpus, room.MaxMemoryBytes);
        }
    }

    /// <exception cref="ShimException">It cannot be had, and nothing of it is left.</exception>
    public static async Task<PodVm> StartAsync(
        PodVmClient daemon, PodRequest request, StartTurns turns, ShimLog log, TimeProvider clock, CancellationToken cancellationToken)
    {
        var vm = new PodVm(daemon, request, log, clock);
        try
        {
            await vm.StartAsync(turns, cancellationToken);
            return vm;
        }
        catch (Exception e)
        {
            var why = e is OperationCanceledException ? null : await vm.FindEndAsync();
            await vm.TryReleaseAsync();
            await vm.DisposeAsync();
            if (why is not null)
            {
                throw new ShimException(Grpc.Core.StatusCode.Unavailable, why, e);
            }

            throw;
        }
    }

    /// <summary>Has a container's root in the guest: its image, and memory above it for what the container writes.</summary>
    /// <param name="name">Of the root.</param>
    /// <param name="layers">Folders of the host, the top one first.</param>
    /// <param name="steps">Told of each.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task MountRootAsync(string name, IReadOnlyList<string> layers, Steps steps, CancellationToken cancellationToken)
    {
        var image = await steps.RunAsync("publish", () => _daemon.PublishAsync(_request.Identity.Tenant, layers, cancellationToken));
        string? bridge;
        await _changes.WaitAsync(cancellationToken);
        try
        {
            if (!_imageBridges.TryGetValue(image.Digest, out bridge))
            {
                bridge = (await steps.RunAsync("plug", () => _daemon.PlugImageAsync(Name, image.Digest, cancellationToken))).Bridge;
                _imageBridges[image.Digest] = bridge;
            }
        }
        finally
        {
            _changes.Release();
        }

        await steps.RunAsync("mount", () => Guest.MountAsync(
            new RootMount { Name = name, Image = GuestDevice.AtPciAddress(bridge), UpperMemoryBytes = (ulong)UpperBytes },
            cancellationToken));
    }

    /// <summary>Grows so that these limits fit; it never shrinks.</summary>
    /// <param name="containers">Of all that are there.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task GrowAsync(IReadOnlyCollection<SpecResources> containers, CancellationToken cancellationToken)
    {
        await _changes.WaitAsync(cancellationToken);
        try
        {
            await ResizeAsync(_size.Grown(containers, Room), cancellationToken);
        }
        finally
        {
            _changes.Release();
        }
    }

    public Task PauseAsync(CancellationToken cancellationToken) => _daemon.PauseAsync(Name, cancellationToken);

    public Task ResumeAsync(CancellationToken cancellationToken) => _daemon.ResumeAsync(Name, cancellationToken);

    /// <summary>
    /// Ends it, and takes away what was made for it on the host. Once, however often it is asked for; what has failed, because the daemon was away for
    /// too long, is tried again.
    /// </summary>
    public Task ReleaseAsync()
    {
        lock (_releaseLock)
        {
            return _release = _release is null or { IsFaulted: true } ? ReleaseOnceAsync() : _release;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_guest is { } guest)
        {
            await guest.DisposeAsync();
        }

        if (_held is { } held)
        {
            await held.DisposeAsync();
            End.Dispose();
        }

        _changes.Dispose();
    }

    private async Task StartAsync(StartTurns turns, CancellationToken cancellationToken)
    {
        var (spec, identity, steps) = (_request.Spec, _request.Identity, new Steps(_clock));
        var choosing = steps.RunAsync("template", () => _daemon.ChooseTemplateAsync(identity.Tenant, identity.Template, cancellationToken));
        var network = steps.Run("network", () => spec.NetworkNamespace is { } path ? PodNetwork.Read(path) : null);
        foreach (var warning in network?.Warnings ?? [])
        {
            _log.Warning(warning);
        }

        var template = await choosing;
        using var turn = await steps.RunAsync("turn", () => turns.TakeForVmAsync(cancellationToken));
        _held = await steps.RunAsync("hold", () => _daemon.HoldAsync(
            new PodVmRequest { SandboxId = identity.SandboxId, Template = template, Cgroups = _request.Cgroups, Hostname = spec.Hostname ?? "" }, cancellationToken));
        End = VmEnd.Watch(_held.QemuPid);
        _size = new PodSize(Room.Vcpus, Room.MemoryBytes);
        var (size, cards) = (PodSize.From(spec, Room), network?.Interfaces ?? []);

        await SideBySide.RunAsync(cancellationToken, ConnectAsync, token => steps.RunAsync("ready", () => _held.DetachAsync(token)));
        _log.Info($"VM of {spec.SandboxId} after {steps}");

        async Task ConnectAsync(CancellationToken token)
        {
            await SideBySide.RunAsync(token, PlugAsync, GreetAsync);
            foreach (var card in cards)
            {
                await steps.RunAsync("link", () => Guest.SetUpNetworkAsync(card.ToSetup(), token));
            }
        }

        async Task PlugAsync(CancellationToken token)
        {
            foreach (var card in cards)
            {
                await steps.RunAsync("card", () => PlugCardAsync(spec.NetworkNamespace!, card, token));
            }

            await steps.RunAsync("size", () => ResizeAsync(size, token));
        }

        async Task GreetAsync(CancellationToken token)
        {
            _guest = await steps.RunAsync("greet", () => OwnerPortConnection.ConnectAsync(_held.OwnerPort, null, token));
            // The pod's namespace, while its cards are on the way.
            await steps.RunAsync("space", () => Guest.SetUpNetworkAsync(new NetworkSetup(), token));
        }
    }

    /// <returns>Why the VM ended while it was prepared; null where it has not, and something else is what failed.</returns>
    private async Task<string?> FindEndAsync()
    {
        if (_held is null || !End.Ended.IsCompleted)
        {
            return null;
        }

        var reason = await _daemon.TellEndAsync(Name, CancellationToken.None);
        return _request.Cgroups.Count == 0
            ? $"The pod's VM ended while it was prepared: {reason}"
            : $"The pod's VM ended while it was prepared: {reason} Does the pod's memory limit, with the overhead of its runtime class, hold a VM of " +
              $"{Room.MemoryBytes >> 20} MiB?";
    }

    private async Task PlugCardAsync(string networkNamespace, PodInterface card, CancellationToken cancellationToken)
    {
        _redirections.Add((card.Name, card.TapName));
        await _daemon.PlugNicAsync(
            Name,
            new PlugNic
            {
                NetworkNamespace = networkNamespace,
                Tap = card.TapName,
                Mac = MacText.Of(card.Mac.GetAddressBytes()),
                Mtu = card.Mtu,
            },
            cancellationToken);
        Redirection.Connect(networkNamespace, card.Name, card.TapName);
    }

    private async Task ResizeAsync(PodSize size, CancellationToken cancellationToken)
    {
        if (size == _size)
        {
            return;
        }

        await _daemon.ResizeAsync(Name, size.Vcpus, size.MemoryBytes, cancellationToken);
        _size = size;
    }

    private async Task TryReleaseAsync()
    {
        try
        {
            await ReleaseAsync();
        }
        catch (ShimException e)
        {
            // The failure that led here is the one to be told. The daemon ends the VM when this process, its owner, has ended.
            _log.Warning($"The pod's VM could not be ended: {e.Message}");
        }
    }

    private async Task ReleaseOnceAsync()
    {
        await Task.Yield();
        if (_request.Spec.NetworkNamespace is { } path)
        {
            foreach (var (card, tap) in _redirections)
            {
                try
                {
                    Redirection.Disconnect(path, card, tap);
                }
                catch (ShimException e)
                {
                    // It goes with the namespace.
                    _log.Warning(e.Message);
                }
            }
        }

        await _daemon.ReleaseAsync(_request.Identity.SandboxName, TimeSpan.Zero, CancellationToken.None);
    }
}
