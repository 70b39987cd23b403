using System.Net.Sockets;
using Google.Protobuf;
using Microsoft.Extensions.Logging;

namespace Templating.Shim.Ttrpc;

/// <summary>
/// Answers calls over ttrpc, any number of them at once: github.com/containerd/ttrpc, PROTOCOL.md. Calls that stream are refused; no
/// service of shims has one.
/// </summary>
internal sealed partial class TtrpcServer(ILogger logger, TimeProvider time)
{
    /// <summary>containerd has one for each of the pod's containers.</summary>
    public const int MostConnections = 256;

    private readonly Dictionary<(string Service, string Method), TtrpcHandler> _handlers = [];
    private readonly HashSet<string> _services = new(StringComparer.Ordinal);

    /// <summary>Before <see cref="ServeAsync"/>.</summary>
    /// <param name="service">With its package.</param>
    /// <param name="method">Of the service.</param>
    /// <param name="parser">Of the request.</param>
    /// <param name="handler">Its token is cancelled when the caller's time is over, when the caller's connection ends, and when the server is to stop.</param>
    /// <param name="outlivesCaller">True: the end of the caller's connection does not cancel it. For what must not stop half-way.</param>
    public void Register<TRequest, TResponse>(
        string service, string method, MessageParser<TRequest> parser, Func<TRequest, CancellationToken, Task<TResponse>> handler, bool outlivesCaller = false)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        _handlers.Add((service, method), new TtrpcHandler(async (payload, token) => await handler(parser.ParseFrom(payload), token), outlivesCaller));
        _services.Add(service);
    }

    /// <summary>
    /// Until it is cancelled; then its calls are, too, and those that end soon are still answered: so that the call that ends the
    /// server is.
    /// </summary>
    /// <param name="listener">Bound and listening; it is closed at the end.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task ServeAsync(Socket listener, CancellationToken cancellationToken)
    {
        var connections = new HashSet<Task>();
        using (listener)
        {
            while (await AcceptAsync(listener, cancellationToken) is { } socket)
            {
                connections.RemoveWhere(c => c.IsCompleted);
                if (connections.Count >= MostConnections)
                {
                    LogTooManyConnections(MostConnections);
                    socket.Dispose();
                    continue;
                }

                connections.Add(new TtrpcConnection(this, socket, logger, time).RunAsync(cancellationToken));
            }
        }

        await Task.WhenAll(connections);
    }

    /// <returns>Null where there is no such method.</returns>
    internal TtrpcHandler? Find(string service, string method) => _handlers.GetValueOrDefault((service, method));

    internal bool Has(string service) => _services.Contains(service);

    private async Task<Socket?> AcceptAsync(Socket listener, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await listener.AcceptAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return null;
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionAborted or SocketError.ConnectionReset)
            {
                // It was gone before it was taken.
            }
            catch (SocketException e)
            {
                // Want of descriptors or memory, as a rule; it may get better, and the pod must not end by it.
                LogCannotAccept(e.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), time, CancellationToken.None);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A connection was turned away: {Most} are open, which is all that may be")]
    private partial void LogTooManyConnections(int most);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Cannot accept a connection, trying again: {Reason}")]
    private partial void LogCannotAccept(string reason);
}

/// <param name="RunAsync">With the request's bytes.</param>
/// <param name="OutlivesCaller">The end of the caller's connection does not cancel it.</param>
internal sealed record TtrpcHandler(Func<ByteString, CancellationToken, Task<IMessage>> RunAsync, bool OutlivesCaller);
