using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Templating.Node.Admission;
using Templating.Node.Authorization;
using Templating.Node.Files;
using Templating.Node.Options;
using Templating.Node.Sockets;

namespace Templating.Node.Hosting;

/// <summary>Where the daemon listens, and how each connection comes to know its <see cref="Peer"/>.</summary>
internal static class Listeners
{
    private const int MaxHeaderBytes = 16 * 1024;

    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(5);

    public static void UseNodeListeners(this IWebHostBuilder host, NodeOptions options)
    {
        host.UseKestrelCore();
        if (options.Tcp is not null)
        {
            host.UseKestrelHttpsConfiguration();
        }

        host.ConfigureServices(services =>
        {
            services.AddSingleton<TlsFiles>();
            services.AddSingleton<IConnectionListenerFactory, GuardedTransport>();
            services.Configure<SocketTransportOptions>(sockets => sockets.CreateBoundListenSocket = endPoint => UnixSocket.Bind(endPoint, options));
            services.AddOptions<KestrelServerOptions>().Configure<IServiceProvider>((kestrel, provider) => Configure(kestrel, provider, options));
        });
    }

    private static void Configure(KestrelServerOptions kestrel, IServiceProvider provider, NodeOptions options)
    {
        kestrel.AddServerHeader = false;
        // Callers are known and a console or watch may be silent for hours; a dead peer is found by pings instead.
        kestrel.Limits.MinRequestBodyDataRate = null;
        kestrel.Limits.MinResponseDataRate = null;
        kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(30);
        kestrel.Limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(20);
        // A shim keeps one connection for all its clones' consoles and watches.
        kestrel.Limits.Http2.MaxStreamsPerConnection = 1024;
        // Who does not send its headers, or does not ask at all, is not waited for.
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(2);
        kestrel.Limits.MaxRequestHeaderCount = 64;
        kestrel.Limits.MaxRequestHeadersTotalSize = MaxHeaderBytes;
        kestrel.Limits.Http2.MaxRequestHeaderFieldSize = MaxHeaderBytes;
        // What a peer may send that nobody has read yet: of one connection, and of one call on it.
        kestrel.Limits.Http2.InitialConnectionWindowSize = 256 * 1024;
        kestrel.Limits.Http2.InitialStreamWindowSize = 128 * 1024;
        var gate = provider.GetRequiredService<ConnectionGate>();
        kestrel.ListenUnixSocket(options.EffectiveSocketPath, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.Use(next => connection => gate.ServeAsync(connection, PeerOfUnix(connection), next));
        });
        if (options.Tcp is { } tcp)
        {
            var files = provider.GetRequiredService<TlsFiles>();
            kestrel.Listen(IpEndPointAttribute.Parse(tcp.Address)!, listen =>
            {
                listen.Protocols = HttpProtocols.Http2;
                listen.Use(next => connection => gate.ShakeHandsAsync(connection, next));
                listen.UseHttps(new TlsHandshakeCallbackOptions
                {
                    OnConnection = _ => ValueTask.FromResult(files.ServerOptions()),
                    HandshakeTimeout = HandshakeTimeout,
                });
                listen.Use(next => connection =>
                {
                    ConnectionGate.EndHandshake(connection);
                    return gate.ServeAsync(connection, PeerOfCertificate(connection), next);
                });
            });
        }

        if (IpEndPointAttribute.Parse(options.MetricsAddress) is { } metrics)
        {
            kestrel.Listen(metrics, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                listen.Use(next => connection =>
                {
                    connection.Features.Set(MetricsListener.Instance);
                    return gate.ServeMetricsAsync(connection, next);
                });
            });
        }
    }

    private static UnixPeer PeerOfUnix(ConnectionContext connection) => UnixSocket.ReadPeer(
        connection.Features.Get<IConnectionSocketFeature>()?.Socket
            ?? throw new InvalidOperationException("The transport does not tell its socket."));

    private static CertificatePeer PeerOfCertificate(ConnectionContext connection) => CertificatePeers.Read(
        connection.Features.Get<ITlsConnectionFeature>()?.ClientCertificate
            ?? throw new InvalidOperationException("A TLS handshake without a client certificate succeeded."));
}
