using System.Net;
using System.Net.Sockets;

namespace Templating.IntegrationTests.Node;

internal static class FreePort
{
    /// <summary>One that was free a moment ago: the daemon takes its ports by number.</summary>
    public static int Next()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
