using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Templating.Benchmarks;

internal static class WebPage
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2);

    /// <summary>Asks until the page carries the wanted id, as the bare driver does.</summary>
    public static async Task WaitAsync(int port, string wanted, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        while (!(await AskAsync(port, limit.Token)).Contains(wanted, StringComparison.Ordinal))
        {
            await Task.Delay(Pause, TimeProvider.System, limit.Token);
        }
    }

    private static async Task<string> AskAsync(int port, CancellationToken cancellationToken)
    {
        try
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
            await using var stream = new NetworkStream(socket, ownsSocket: false);
            await stream.WriteAsync("GET / HTTP/1.0\r\n\r\n"u8.ToArray(), cancellationToken);
            using var reader = new StreamReader(stream, Encoding.UTF8);
            return await reader.ReadToEndAsync(cancellationToken);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return "";
        }
    }
}
