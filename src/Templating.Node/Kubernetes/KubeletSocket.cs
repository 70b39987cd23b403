using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Templating.Core.Linux;
using Templating.Node.Authorization;
using Templating.Node.Files;
using Templating.Node.Mapping;
using Templating.Node.Sockets;

namespace Templating.Node.Kubernetes;

/// <summary>
/// A Unix socket for the kubelet, with a server of its own: what is served there is served nowhere else and nothing else
/// is served there. Made again when it is gone: a kubelet that starts removes the sockets it finds.
/// </summary>
/// <param name="path">At most 107 bytes; its folder is made where it is missing.</param>
/// <param name="addServices">Registers the gRPC services as singletons.</param>
/// <param name="map">Maps them.</param>
internal sealed class KubeletSocket(
    string path, Action<IServiceCollection> addServices, Action<IEndpointRouteBuilder> map, ILoggerFactory loggers) : IAsyncDisposable
{
    // A kubelet asks for a handful of things of a few KiB.
    private const int MaxRequestBytes = 1 << 20;
    private const int MaxConnections = 64;

    private WebApplication? _app;
    private FileIdentity? _identity;

    public string Path => path;

    /// <summary>Whether it had to be made: it was not there, or another file was in its place.</summary>
    /// <exception cref="IOException">Another process answers there, or it is no socket.</exception>
    public async Task<bool> EnsureAsync(CancellationToken cancellationToken)
    {
        if (_app is not null && FileIdentity.TryRead(path) is { } found && found == _identity)
        {
            return false;
        }

        await StopAsync();
        FileSystem.MakeMissingFolder(System.IO.Path.GetDirectoryName(path)!);
        await SocketLease.ClearAsync(path, cancellationToken);
        var app = Build();
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }

        _app = app;
        _identity = FileIdentity.TryRead(path);
        return true;
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    private async Task StopAsync()
    {
        if (_app is { } app)
        {
            _app = null;
            // Cancelled already: calls under way are cut off, and the kubelet asks again.
            await app.StopAsync(new CancellationToken(canceled: true));
            await app.DisposeAsync();
        }
    }

    private WebApplication Build()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "templating" });
        var services = builder.Services;
        services.AddSingleton(loggers);
        services.AddSingleton<IHostLifetime, NoLifetime>();
        services.AddRoutingCore();
        services.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = MaxRequestBytes;
            grpc.Interceptors.Add<KubeletInterceptor>();
        });
        services.RemoveUncheckedMethods();
        services.AddSingleton<KubeletInterceptor>();
        services.Configure<SocketTransportOptions>(sockets => sockets.CreateBoundListenSocket = Bind);
        addServices(services);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // A kubelet has a few.
            kestrel.Limits.MaxConcurrentConnections = MaxConnections;
            kestrel.Limits.Http2.MaxStreamsPerConnection = MaxConnections;
            kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(30);
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.ListenUnixSocket(path, listen =>
            {
                listen.Protocols = HttpProtocols.Http2;
                listen.Use(next => connection => ServeAsync(connection, next));
            });
        });
        var app = builder.Build();
        app.UseRouting();
        map(app);
        return app;
    }

    private static Socket Bind(EndPoint endPoint)
    {
        var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint);
        // Before anybody listens, so that nobody but root ever gets in.
        File.SetUnixFileMode(endPoint.ToString()!, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return socket;
    }

    private static async Task ServeAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var socket = connection.Features.Get<IConnectionSocketFeature>()?.Socket
            ?? throw new InvalidOperationException("The transport does not tell its socket.");
        connection.Features.Set<Peer>(UnixSocket.ReadPeer(socket));
        var transport = connection.Transport;
        await using var stream = transport.Input.AsStream(leaveOpen: true);
        var input = PipeReader.Create(new AuthorityStream(stream), new StreamPipeReaderOptions(leaveOpen: true));
        connection.Transport = new DuplexPipe(input, transport.Output);
        try
        {
            await next(connection);
        }
        finally
        {
            connection.Transport = transport;
            await input.CompleteAsync();
        }
    }

    /// <summary>The daemon's own host listens to signals.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
