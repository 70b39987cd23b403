using System.Collections.Concurrent;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Templating.Api.Client;
using Templating.Contract;
using Templating.Shim.Errors;
using Templating.Shim.Options;
using Templating.Shim.Specs;
using Templating.V1;

namespace Templating.Shim.Daemon;

/// <summary>What a pod needs of the node's daemon. All of it may be called again after a failure.</summary>
internal sealed class PodVmClient : IDisposable
{
    private static readonly TimeSpan Quick = TimeSpan.FromSeconds(10);

    /// <summary>Beyond the daemon's own limit for a guest to take a device or memory, or to let go of it (20 and 30 s).</summary>
    private static readonly TimeSpan PlugTimeout = TimeSpan.FromSeconds(40);

    private readonly TemplatingClient _client;
    private readonly DaemonCalls _calls;
    private readonly ShimOptions _options;

    /// <summary>Devices that a caller has been told of. A client is one pod's.</summary>
    private readonly ConcurrentDictionary<string, bool> _told = new(StringComparer.Ordinal);

    public PodVmClient(ShimOptions options, TimeProvider time)
    {
        _options = options;
        _client = new TemplatingClient(new TemplatingClientOptions { Address = options.Daemon });
        _calls = new DaemonCalls(options.Daemon, options.DaemonPatience, time);
    }

    /// <summary>
    /// The revision that a name means on this node: the newest of the cluster's VMTemplate of that name, which lie here under names of their own,
    /// and of a template that a person made here. A name that says its revision, and one that nothing here has, stay as they are.
    /// </summary>
    /// <param name="tenant">RFC 1123 label.</param>
    /// <param name="template">tenants/{tenant}/templates/{template}, or with a revision.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<string> ChooseTemplateAsync(string tenant, string template, CancellationToken cancellationToken)
    {
        var name = template[(template.LastIndexOf("/templates/", StringComparison.Ordinal) + "/templates/".Length)..];
        if (name.Contains('/', StringComparison.Ordinal))
        {
            return template;
        }

        var newest = await _calls.RepeatAsync("look for the pod's template", Quick, token => NewestAsync(tenant, name, token), cancellationToken);
        return newest?.Name ?? template;
    }

    /// <summary>A retry with the same request finds what the try before began.</summary>
    public Task<HeldVm> HoldAsync(PodVmRequest request, CancellationToken cancellationToken) =>
        _calls.RepeatAsync("start the pod's VM", _options.StartTimeout, token => HoldOnceAsync(request, token), cancellationToken);

    /// <summary>Makes the image of a container's layers, or finds it.</summary>
    /// <returns>Its digest.</returns>
    public async Task<Image> PublishAsync(string tenant, IReadOnlyList<string> lowerdirs, CancellationToken cancellationToken) =>
        await _calls.RepeatAsync(
            "make the container's image", _options.ImageTimeout,
            async token => await _client.Images.PublishImageAsync(
                new PublishImageRequest { Tenant = tenant, Layers = new ImageLayers { Lowerdirs = { lowerdirs } } }, cancellationToken: token),
            cancellationToken);

    public Task<PluggedDevice> PlugImageAsync(string sandbox, string digest, CancellationToken cancellationToken) => PlugAsync(
        "plug the container's image", new PlugCloneRequest { Name = sandbox, Image = new PlugImage { Digest = digest } },
        device => device.Digest == digest, cancellationToken);

    public Task<PluggedDevice> PlugNodeDiskAsync(string sandbox, BlockDevice device, CancellationToken cancellationToken)
    {
        var serial = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"node-{device.Major}-{device.Minor}");
        var wanted = new NodeBlockDevice { Major = device.Major, Minor = device.Minor, ReadOnly = device.ReadOnly };
        return PlugAsync(
            $"plug the volume of {device.Path}", new PlugCloneRequest { Name = sandbox, Disk = new PlugDisk { Serial = serial, NodeDevice = wanted } },
            found => found.Kind == PluggedKind.Disk && found.Serial == serial, cancellationToken);
    }

    /// <param name="sandbox">tenants/{tenant}/clones/{id}</param>
    /// <param name="nic">With its MAC.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<PluggedDevice> PlugNicAsync(string sandbox, PlugNic nic, CancellationToken cancellationToken) => PlugAsync(
        "plug the pod's network card", new PlugCloneRequest { Name = sandbox, Nic = nic },
        device => device.Kind == PluggedKind.Nic && string.Equals(device.Mac, nic.Mac, StringComparison.OrdinalIgnoreCase), cancellationToken);

    /// <param name="sandbox">tenants/{tenant}/clones/{id}</param>
    /// <param name="vcpus">All that it is to have; 0 leaves them.</param>
    /// <param name="memoryBytes">All that it is to have; 0 leaves it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<Sandbox> ResizeAsync(string sandbox, int vcpus, long memoryBytes, CancellationToken cancellationToken)
    {
        var isRetry = false;
        return _calls.RepeatAsync("give the pod's VM more", PlugTimeout, async token =>
        {
            // A daemon that ended may have done it before.
            if (isRetry && await GetOnceAsync(sandbox, token) is { Room: { } room } found && room.Vcpus >= vcpus && room.MemoryBytes >= memoryBytes)
            {
                return found;
            }

            isRetry = true;
            return await _client.Sandboxes.ResizeSandboxAsync(
                new ResizeCloneRequest { Name = sandbox, Vcpus = vcpus, MemoryBytes = memoryBytes }, cancellationToken: token);
        }, cancellationToken);
    }

    public Task PauseAsync(string sandbox, CancellationToken cancellationToken) => _calls.RepeatAsync(
        "pause the pod's VM", Quick,
        async token => await _client.Clones.PauseCloneAsync(new PauseCloneRequest { Name = sandbox }, cancellationToken: token), cancellationToken);

    public Task ResumeAsync(string sandbox, CancellationToken cancellationToken) => _calls.RepeatAsync(
        "resume the pod's VM", Quick,
        async token => await _client.Clones.ResumeCloneAsync(new ResumeCloneRequest { Name = sandbox }, cancellationToken: token), cancellationToken);

    public Task<Sandbox> GetAsync(string sandbox, CancellationToken cancellationToken) => _calls.RepeatAsync(
        "ask for the pod's VM", Quick, token => GetOnceAsync(sandbox, token), cancellationToken);

    /// <summary>Why a VM has ended, for people; never fails.</summary>
    public async Task<string> TellEndAsync(string sandbox, CancellationToken cancellationToken)
    {
        try
        {
            var reason = (await GetAsync(sandbox, cancellationToken)).Clone_.StateReason;
            return reason.Length > 0 ? reason : "the daemon has not seen it yet";
        }
        catch (ShimException e)
        {
            return e.Message;
        }
    }

    /// <summary>Ends it; one that is gone is success.</summary>
    /// <param name="sandbox">tenants/{tenant}/clones/{id}</param>
    /// <param name="grace">How long the guest may take to power off.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task ReleaseAsync(string sandbox, TimeSpan grace, CancellationToken cancellationToken) => _calls.RepeatAsync(
        "end the pod's VM", grace + PlugTimeout,
        async token =>
        {
            try
            {
                return (await _client.Sandboxes.ReleaseSandboxAsync(
                    new ReleaseSandboxRequest { Name = sandbox, GracePeriod = Duration.FromTimeSpan(grace) }, cancellationToken: token)).Reason;
            }
            catch (TemplatingClientException e) when (e.Code == StatusCode.NotFound)
            {
                return "";
            }
        },
        cancellationToken);

    public void Dispose() => _client.Dispose();

    private async Task<Sandbox> GetOnceAsync(string sandbox, CancellationToken cancellationToken) =>
        await _client.Sandboxes.GetSandboxAsync(new GetSandboxRequest { Name = sandbox }, cancellationToken: cancellationToken);

    private async Task<PluggedDevice> PlugAsync(
        string purpose, PlugCloneRequest request, Func<PluggedDevice, bool> isSame, CancellationToken cancellationToken)
    {
        var isRetry = false;
        var device = await _calls.RepeatAsync(purpose, PlugTimeout, async token =>
        {
            // The call that broke may have plugged it: then it is among the VM's devices, and nobody was told of it.
            if (isRetry && (await GetOnceAsync(request.Name, token)).Clone_.Devices.FirstOrDefault(d => isSame(d) && !_told.ContainsKey(d.Id)) is { } untold)
            {
                return untold;
            }

            isRetry = true;
            return (await _client.Sandboxes.PlugDeviceAsync(request, cancellationToken: token)).Device;
        }, cancellationToken);
        _told[device.Id] = true;
        return device;
    }

    private async Task<Template?> NewestAsync(string tenant, string name, CancellationToken cancellationToken)
    {
        Template? newest = null;
        await foreach (var found in _client.Templates.ListAllAsync($"tenants/{tenant}", cancellationToken: cancellationToken))
        {
            var isMeant = string.Equals(NodeTemplates.FamilyOf(found.Template_), name, StringComparison.Ordinal);
            if (isMeant && (newest is null || found.CreateTime.CompareTo(newest.CreateTime) > 0))
            {
                newest = found;
            }
        }

        return newest;
    }

    private async Task<HeldVm> HoldOnceAsync(PodVmRequest request, CancellationToken cancellationToken)
    {
        // The call goes on after this method: it has no token of its own, and is ended by being disposed.
        var call = _client.Sandboxes.Hold(cancellationToken: CancellationToken.None);
        var held = false;
        try
        {
            await HeldVm.SendAsync(call, Acquire(request), cancellationToken);
            while (await call.ResponseStream.MoveNext(cancellationToken))
            {
                switch (call.ResponseStream.Current)
                {
                    case { Held: { Connection: not null, Room: not null } sandbox }:
                        held = true;
                        return new HeldVm(call, sandbox, _calls, _options.StartTimeout);
                    case { Held: not null }:
                        throw new TemplatingClientException(StatusCode.Aborted, "its VM ended while it started");
                    case { Ended: { } ended }:
                        throw new TemplatingClientException(StatusCode.Aborted, ended.Reason);
                    default:
                        break;
                }
            }

            throw new TemplatingClientException(StatusCode.Unavailable, "the call ended without a word of the VM");
        }
        finally
        {
            if (!held)
            {
                call.Dispose();
            }
        }
    }

    private HoldRequest Acquire(PodVmRequest request)
    {
        var spec = new CloneSpec { Template = request.Template, Hostname = request.Hostname, IdentityTimeout = Duration.FromTimeSpan(_options.StartTimeout) };
        spec.Labels.Add(new Dictionary<string, string>(request.Labels, StringComparer.Ordinal));
        return new HoldRequest
        {
            Acquire = new AcquireSandbox
            {
                SandboxId = request.SandboxId,
                Spec = spec,
                Owner = new SandboxOwner { Pid = request.OwnerPid },
                Cgroups = { request.Cgroups },
                WaitFor = request.WhenRunning ? WaitFor.Running : WaitFor.Ready,
            },
        };
    }
}
