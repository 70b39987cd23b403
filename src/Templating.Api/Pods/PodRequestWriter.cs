using Grpc.Core;
using Templating.V1;

namespace Templating.Api.Pods;

/// <summary>The requests of one connection, as gRPC's callers write them.</summary>
internal sealed class PodRequestWriter<T>(PodConnection connection, Func<T, PodRequest> wrap) : IClientStreamWriter<T>
{
    public WriteOptions? WriteOptions { get; set; }

    public Task WriteAsync(T message) => WriteAsync(message, CancellationToken.None);

    public Task WriteAsync(T message, CancellationToken cancellationToken) => connection.WriteAsync(wrap(message), cancellationToken);

    /// <summary>Says nothing: a caller's closed connection means that it is gone, and a message ends a program's input.</summary>
    public Task CompleteAsync() => Task.CompletedTask;
}
