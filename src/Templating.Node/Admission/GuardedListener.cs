using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Templating.Node.Admission;

/// <summary>
/// A listening socket with a descriptor in reserve. Where none is left, it is spent on taking the next caller and closing on it,
/// so that whoever waits is told and not left; then nobody is taken for a moment.
/// </summary>
internal sealed class GuardedListener(
    Socket socket, SocketTransportOptions options, SocketConnectionContextFactory connections, TimeProvider time, ILogger logger)
    : IConnectionListener
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly LimitLog _log = new(time);
    private Socket? _reserve = NewReserve();

    public EndPoint EndPoint { get; } = socket.LocalEndPoint!;

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            try
            {
                var accepted = await socket.AcceptAsync(cancellationToken);
                if (accepted.LocalEndPoint is IPEndPoint)
                {
                    accepted.NoDelay = options.NoDelay;
                }

                return connections.Create(accepted);
            }
            catch (Exception e) when (e is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted })
            {
                return null;
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable)
            {
                await PauseAsync(cancellationToken);
            }
            catch (SocketException)
            {
                // That caller has gone again.
            }
        }
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        socket.Dispose();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        socket.Dispose();
        _reserve?.Dispose();
        return ValueTask.CompletedTask;
    }

    private static Socket? NewReserve()
    {
        try
        {
            return new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        }
        catch (SocketException)
        {
            return null;
        }
    }

    private async Task PauseAsync(CancellationToken cancellationToken)
    {
        if (_log.IsDue())
        {
            Log.OutOfDescriptors(logger);
        }

        if (_reserve is { } reserve)
        {
            reserve.Dispose();
            await TurnAwayAsync(cancellationToken);
        }

        _reserve = NewReserve();
        await Task.Delay(Pause, time, cancellationToken);
    }

    private async Task TurnAwayAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var caller = await socket.AcceptAsync(cancellationToken);
        }
        catch (SocketException)
        {
            // Another thread was faster with the descriptor.
        }
    }
}
