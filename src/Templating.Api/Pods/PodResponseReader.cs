using Grpc.Core;
using Templating.V1;

namespace Templating.Api.Pods;

/// <summary>The responses of one connection, as gRPC's callers read them.</summary>
internal sealed class PodResponseReader<T>(PodConnection connection, Func<PodResponse, T?> unwrap) : IAsyncStreamReader<T>
    where T : class
{
    public T Current { get; private set; } = null!;

    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        if (await connection.ReadAsync(cancellationToken) is not { } response)
        {
            return false;
        }

        Current = unwrap(response) ?? throw PodClient.Unexpected(response);
        return true;
    }
}
