using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace Templating.Node.Sockets;

/// <summary>Kestrel's own transport, for Unix sockets whose file comes back when somebody removes it (<see cref="LastingListener"/>).</summary>
[SuppressMessage("Performance", "CA1812", Justification = "Made by the container.")]
internal sealed class UnixTransport(IOptions<SocketTransportOptions> options, ILoggerFactory loggers, TimeProvider time)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private readonly SocketTransportFactory _sockets = new(options, loggers);

    public bool CanBind(EndPoint endpoint) => endpoint is UnixDomainSocketEndPoint;

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        new LastingListener(
            endpoint.ToString()!, await _sockets.BindAsync(endpoint, cancellationToken), () => _sockets.BindAsync(endpoint, CancellationToken.None),
            time, loggers.CreateLogger<LastingListener>());
}
