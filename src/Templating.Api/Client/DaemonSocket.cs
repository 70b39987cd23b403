using System.Net.Sockets;

namespace Templating.Api.Client;

/// <summary>Connects to a daemon's Unix socket, also while others crowd at it.</summary>
internal static class DaemonSocket
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    /// <summary>
    /// connect(2) fails by EAGAIN while the queue of connections that the daemon has not accepted yet is full; a blocking
    /// socket would wait, but .NET's are not. Any local user who may connect can fill that queue for a moment, so it is tried again.
    /// </summary>
    /// <exception cref="SocketException">Nobody listens, or it may not be connected to.</exception>
    public static async Task<Socket> ConnectAsync(string path, CancellationToken cancellationToken)
    {
        while (true)
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            var connected = false;
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
                connected = true;
                return socket;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.WouldBlock)
            {
                // The next one may find room.
            }
            finally
            {
                if (!connected)
                {
                    socket.Dispose();
                }
            }

            await Task.Delay(Pause, TimeProvider.System, cancellationToken);
        }
    }
}
