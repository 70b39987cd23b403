using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace Templating.Core.Downloads;

/// <summary>The HTTP client of downloads: looks at each address before it connects, follows no redirect by itself, uses no proxy.</summary>
internal static class DownloadClient
{
    /// <summary>How long a server may say nothing.</summary>
    public static readonly TimeSpan StallTimeout = TimeSpan.FromSeconds(30);

    public static HttpClient Create(DownloadOptions options, HostRules rules)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            ConnectTimeout = StallTimeout,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(10),
            MaxResponseHeadersLength = 64,
            ConnectCallback = (context, cancellationToken) => ConnectAsync(context.DnsEndPoint, rules, cancellationToken),
        };
        if (options.CaPath is { } path)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.ImportFromPemFile(path);
            handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
        }

        return new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Connects to one of the addresses looked at, so that a name that resolves differently the next time gains nothing.</summary>
    private static async ValueTask<Stream> ConnectAsync(DnsEndPoint target, HostRules rules, CancellationToken cancellationToken)
    {
        var mayBePrivate = rules.Judge(target.Host, target.Port).Private;
        var addresses = await Dns.GetHostAddressesAsync(target.Host, cancellationToken);
        var allowed = addresses.Where(address => mayBePrivate || !HostRules.IsPrivate(address)).ToArray();
        if (allowed.Length == 0)
        {
            throw new IOException(addresses.Length == 0
                ? $"'{target.Host}' has no address."
                : $"'{target.Host}' is at {addresses[0]}, an address of a private network; only a host that is allowed by its full name may be there.");
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        var connected = false;
        try
        {
            await socket.ConnectAsync(allowed, target.Port, cancellationToken);
            connected = true;
            return new NetworkStream(socket, ownsSocket: true);
        }
        finally
        {
            if (!connected)
            {
                socket.Dispose();
            }
        }
    }
}
