using Grpc.Core;
using Templating.Api.Client;
using Templating.V1;

namespace Templating.Shim.Daemon;

/// <summary>A sandbox while the call is open that holds it. It ends when this is disposed without having been detached.</summary>
internal sealed class HeldVm(AsyncDuplexStreamingCall<HoldRequest, HoldResponse> call, Sandbox sandbox, DaemonCalls calls, TimeSpan limit) : IAsyncDisposable
{
    /// <summary>tenants/{tenant}/clones/{id}</summary>
    public string Name => Sandbox.Clone_.Name;

    /// <summary>As it was when it was held.</summary>
    public Sandbox Sandbox { get; } = sandbox;

    /// <summary>The socket of the guest's port.</summary>
    public string OwnerPort => Sandbox.Connection.OwnerPort;

    public int QemuPid => Sandbox.Clone_.Pid;

    public SandboxRoom Room => Sandbox.Room;

    /// <summary>Lets it live as long as its owner, and waits until it is ready.</summary>
    /// <exception cref="Errors.ShimException">It has ended, or the daemon has: then it ends, too.</exception>
    public Task DetachAsync(CancellationToken cancellationToken) => calls.OnceAsync("get the pod's VM ready", limit, async token =>
    {
        await SendAsync(call, new HoldRequest { Detach = new DetachSandbox() }, token);
        while (await call.ResponseStream.MoveNext(token))
        {
            switch (call.ResponseStream.Current)
            {
                case { Detached: not null }:
                    return true;
                case { Ended: { } ended }:
                    throw new TemplatingClientException(StatusCode.Aborted, ended.Reason);
                default:
                    break;
            }
        }

        throw new TemplatingClientException(StatusCode.Unavailable, "the call that held it ended without a word");
    }, cancellationToken);

    public ValueTask DisposeAsync()
    {
        call.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>A call that was refused takes no more; the reading half has the refusal.</summary>
    internal static async Task SendAsync(
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
