using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Templating.IntegrationTests.Pods;

internal static class PodPorts
{
    /// <summary>A free one below those the kernel gives to whoever connects (ip_local_port_range begins at 32768): it stays free.</summary>
    public static int Next()
    {
        while (true)
        {
            var port = RandomNumberGenerator.GetInt32(10_000, 32_000);
            using var listener = new TcpListener(IPAddress.Any, port);
            try
            {
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Taken: another one.
            }
        }
    }
}
