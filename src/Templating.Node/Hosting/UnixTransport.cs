using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Templating.Node.Admission;
using Templating.Node.Sockets;

namespace Templating.Node.Hosting;

/// <summary>The daemon's transport, for Unix sockets whose file comes back when somebody removes it (<see cref="LastingListener"/>).</summary>
[SuppressMessage("Performance", "CA1812", Justification = "Made by the container.")]
internal sealed class UnixTransport(GuardedTransport sockets, ILoggerFactory loggers, TimeProvider time)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    public bool CanBind(EndPoint endpoint) => endpoint is UnixDomainSocketEndPoint;

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        new LastingListener(
            endpoint.ToString()!, await sockets.BindAsync(endpoint, cancellationToken), () => sockets.BindAsync(endpoint, CancellationToken.None),
            time, loggers.CreateLogger<LastingListener>());
}
