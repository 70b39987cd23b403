using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Templating.Api.Client;
using Templating.Shim.Options;
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

    public PodVmClient(ShimOptions options, TimeProvider time)
    {
        _options = options;
        _client = new TemplatingClient(new TemplatingClientOptions { Address = options.Daemon });
        _calls = new DaemonCalls(options.Daemon, options.DaemonPatience, time);
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

    public Task<PluggedDevice> PlugImageAsync(string sandbox, string digest, CancellationToken cancellationToken) =>
        PlugAsync("plug the container's image", new PlugCloneRequest { Name = sandbox, Image = new PlugImage { Digest = digest } }, cancellationToken);

    public Task<PluggedDevice> PlugNicAsync(string sandbox, PlugNic nic, CancellationToken cancellationToken) =>
        PlugAsync("plug the pod's network card", new PlugCloneRequest { Name = sandbox, Nic = nic }, cancellationToken);

    public Task<Sandbox> ResizeAsync(string sandbox, int vcpus, long memoryBytes, CancellationToken cancellationToken) =>
        _calls.RepeatAsync(
            "give the pod's VM more", PlugTimeout,
            async token => await _client.Sandboxes.ResizeSandboxAsync(
                new ResizeCloneRequest { Name = sandbox, Vcpus = vcpus, MemoryBytes = memoryBytes }, cancellationToken: token),
            cancellationToken);

    public Task PauseAsync(string sandbox, CancellationToken cancellationToken) => _calls.RepeatAsync(
        "pause the pod's VM", Quick,
        async token => await _client.Clones.PauseCloneAsync(new PauseCloneRequest { Name = sandbox }, cancellationToken: token), cancellationToken);

    public Task ResumeAsync(string sandbox, CancellationToken cancellationToken) => _calls.RepeatAsync(
        "resume the pod's VM", Quick,
        async token => await _client.Clones.ResumeCloneAsync(new ResumeCloneRequest { Name = sandbox }, cancellationToken: token), cancellationToken);

    public Task<Sandbox> GetAsync(string sandbox, CancellationToken cancellationToken) => _calls.RepeatAsync(
        "ask for the pod's VM", Quick,
        async token => await _client.Sandboxes.GetSandboxAsync(new GetSandboxRequest { Name = sandbox }, cancellationToken: token), cancellationToken);

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

    private Task<PluggedDevice> PlugAsync(string purpose, PlugCloneRequest request, CancellationToken cancellationToken) =>
        _calls.RepeatAsync(
            purpose, PlugTimeout,
            async token => (await _client.Sandboxes.PlugDeviceAsync(request, cancellationToken: token)).Device, cancellationToken);

    private async Task<HeldVm> HoldOnceAsync(PodVmRequest request, CancellationToken cancellationToken)
    {
        // The call goes on after this method: it has no token of its own, and is ended by being disposed.
        var call = _client.Sandboxes.Hold(cancellationToken: CancellationToken.None);
        var held = false;
        try
        {
            await TrySendAsync(call, Acquire(request), cancellationToken);
            while (await call.ResponseStream.MoveNext(cancellationToken))
            {
                switch (call.ResponseStream.Current)
                {
                    case { Held: { Connection: not null, Room: not null } sandbox }:
                        held = true;
                        return new HeldVm(call, sandbox, _calls);
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

    /// <summary>A call that was refused takes no more; the reading half has the refusal.</summary>
    private static async Task TrySendAsync(
        AsyncDuplexStreamingCall<HoldRequest, HoldResponse> call, HoldRequest request, CancellationToken cancellationToken)
    {
        try
        {
            await call.RequestStream.WriteAsync(request, cancellationToken);
        }
        catch (Exception e) when (e is RpcException or InvalidOperationException && !cancellationToken.IsCancellationRequested)
        {
            // Told by the reading half.
            return;
        }
    }
}
