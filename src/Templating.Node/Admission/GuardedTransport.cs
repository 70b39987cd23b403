using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace Templating.Node.Admission;

/// <summary>
/// Sockets as Kestrel has them, but for the moment when no file can be opened any more: its own listener asks for a connection
/// again at once, and again, on a whole core.
/// </summary>
internal sealed class GuardedTransport(IOptions<SocketTransportOptions> options, TimeProvider time, ILogger<GuardedTransport> logger)
    : IConnectionListenerFactory, IDisposable
{
    private readonly SocketConnectionContextFactory _connections = new(new SocketConnectionFactoryOptions(), logger);

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        Socket socket;
        try
        {
            socket = options.Value.CreateBoundListenSocket(endpoint);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            throw new AddressInUseException(e.Message, e);
        }

        socket.Listen(options.Value.Backlog);
        return ValueTask.FromResult<IConnectionListener>(new GuardedListener(socket, options.Value, _connections, time, logger));
    }

    public void Dispose() => _connections.Dispose();
}
