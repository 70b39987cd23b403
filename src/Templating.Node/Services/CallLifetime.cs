using Grpc.Core;

namespace Templating.Node.Services;

/// <summary>Ends calls that would otherwise go on for ever (watches, consoles) when the node stops.</summary>
internal sealed class CallLifetime(IHostApplicationLifetime lifetime)
{
    /// <summary>Cancelled when the caller goes away or the node stops. Dispose it with the call.</summary>
    public CancellationTokenSource Until(ServerCallContext context) =>
        CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
}
