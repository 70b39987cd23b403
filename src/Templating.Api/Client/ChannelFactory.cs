using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Grpc.Net.Client;

namespace Templating.Api.Client;

/// <summary>Makes channels to a node's daemon.</summary>
public static class ChannelFactory
{
    // A page of 1,000 templates with long command lines and warm-ups is more than gRPC's default of 4 MiB.
    private const int MaxReceiveBytes = 32 * 1024 * 1024;

    /// <summary>Without an answer to a ping for this long the connection counts as dead.</summary>
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(10);

    /// <exception cref="IOException">A certificate file cannot be read.</exception>
    /// <exception cref="System.Security.Cryptography.CryptographicException">A certificate file is not one.</exception>
    public static GrpcChannel Create(TemplatingClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = options.ConnectTimeout,
            KeepAlivePingDelay = options.KeepAliveDelay,
            KeepAlivePingTimeout = PingTimeout,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            // One connection carries 100 calls at a time; a watcher of many clones has more.
            EnableMultipleHttp2Connections = true,
            // Neither a socket file nor a node's mutual TLS goes through a proxy.
            UseProxy = false,
        };
        Uri target;
        if (options.Address.SocketPath is { } path)
        {
            handler.ConnectCallback = async (_, cancellationToken) =>
                new NetworkStream(await DaemonSocket.ConnectAsync(path, cancellationToken), ownsSocket: true);
            target = new Uri("http://localhost");
        }
        else
        {
            handler.SslOptions = MakeTls(options);
            target = options.Address.Uri!;
            if (options.ServerName is { } name)
            {
                // The handler checks the certificate against the target's host, so the name goes there and the address here.
                var endpoint = new DnsEndPoint(target.IdnHost, target.Port);
                handler.ConnectCallback = (_, cancellationToken) => ConnectAsync(endpoint, cancellationToken);
                target = new UriBuilder(target) { Host = name }.Uri;
            }
        }

        return GrpcChannel.ForAddress(target, new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = MaxReceiveBytes,
        });
    }

    private static async ValueTask<Stream> ConnectAsync(DnsEndPoint endpoint, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        var connected = false;
        try
        {
            await socket.ConnectAsync(endpoint, cancellationToken);
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

    private static SslClientAuthenticationOptions MakeTls(TemplatingClientOptions options)
    {
        var tls = new SslClientAuthenticationOptions();
        if (options.CertificateAuthorityPath is { } authority)
        {
            var roots = new X509Certificate2Collection();
            roots.ImportFromPemFile(authority);
            tls.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                // A cluster's own authority publishes no revocation lists; its certificates live hours.
                RevocationMode = X509RevocationMode.NoCheck,
            };
            tls.CertificateChainPolicy.CustomTrustStore.AddRange(roots);
        }

        if (options.CertificatePath is { } certificate)
        {
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(certificate);
            var own = X509Certificate2.CreateFromPemFile(certificate, options.KeyPath);
            tls.ClientCertificateContext = SslStreamCertificateContext.Create(own, chain, offline: true);
        }

        return tls;
    }
}
