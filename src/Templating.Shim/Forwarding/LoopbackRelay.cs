using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Templating.OwnerPort.Conversations;
using Templating.OwnerPort.Errors;
using Templating.OwnerPort.Processes;
using Templating.Shim.Host;

namespace Templating.Shim.Forwarding;

/// <summary>
/// <c>kubectl port-forward</c>: containerd connects to <c>localhost</c> in the pod's namespace on the host, and what it finds there is the loopback of the
/// pod in the guest. Each connection is a stream of the owner's port, so that the guest has no card and no packet on that side.
/// </summary>
internal sealed class LoopbackRelay : IAsyncDisposable
{
    private const uint UnknownRequest = 71;     // EPROTO

    private readonly LoopbackListener _listener;
    private readonly OwnerPortConnection _guest;
    private readonly ShimLog _log;
    private readonly CancellationTokenSource _over = new();
    private readonly ConcurrentDictionary<Task, bool> _forwarded = new();
    private readonly Task[] _accepting;
    private int _disposed;
    private int _warned;

    private LoopbackRelay(LoopbackListener listener, OwnerPortConnection guest, ShimLog log)
    {
        (_listener, _guest, _log) = (listener, guest, log);
        _accepting = [.. listener.Sockets.Select(socket => AcceptAsync(socket, _over.Token))];
    }

    /// <summary>A pod does without on a host that cannot: null, and the log says why.</summary>
    public static LoopbackRelay? TryStart(string namespacePath, OwnerPortConnection guest, ShimLog log)
    {
        try
        {
            return new LoopbackRelay(LoopbackListener.Open(namespacePath), guest, log);
        }
        catch (IOException e)
        {
            log.Warning($"Ports of this pod cannot be forwarded (kubectl port-forward), which takes Linux 5.9 with BPF: {e.Message}");
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        await _over.CancelAsync();
        _listener.Dispose();
        await Task.WhenAll(_accepting);
        await Task.WhenAll(_forwarded.Keys);
        _over.Dispose();
    }

    private async Task AcceptAsync(Socket socket, CancellationToken cancellationToken)
    {
        await Task.Yield();
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var forwarding = ForwardAsync(await socket.AcceptAsync(cancellationToken), cancellationToken);
                _forwarded[forwarding] = true;
                _ = forwarding.ContinueWith(ended => _forwarded.TryRemove(ended, out _), TaskScheduler.Default);
            }
            catch (SocketException e)
            {
                // Of who connected and has gone again.
                _log.Debug($"A connection to the pod's loopback was not accepted: {e.Message}");
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task ForwardAsync(Socket caller, CancellationToken cancellationToken)
    {
        await Task.Yield();
        using (caller)
        {
            var port = (ushort)((IPEndPoint)caller.LocalEndPoint!).Port;
            if (await ConnectAsync(port, cancellationToken) is { } connection)
            {
                await new ForwardedConnection(caller, connection).RunAsync(cancellationToken);
            }
            else
            {
                // As near as one can come to a refusal, once the kernel has accepted it.
                caller.Close(0);
            }
        }
    }

    private async Task<GuestConnection?> ConnectAsync(ushort port, CancellationToken cancellationToken)
    {
        try
        {
            return await _guest.ConnectToPodAsync(port, cancellationToken);
        }
        catch (GuestRefusedException e) when (e.Errno == UnknownRequest && Interlocked.Exchange(ref _warned, 1) == 0)
        {
            _log.Warning(
                "Ports of this pod cannot be forwarded (kubectl port-forward): its guest is from before that. Build its template anew, of a newer guest.");
        }
        catch (Exception e) when (e is GuestRefusedException or OwnerPortException or TimeoutException or OperationCanceledException)
        {
            _log.Debug(e.Message);
        }

        return null;
    }
}
