using Grpc.Core;
using Templating.Api.Pods;
using Templating.Contract;
using Templating.Core.Errors;
using Templating.V1;

namespace Templating.Node.PodProcess;

/// <summary>The requests that follow the first on one connection, as gRPC's services read them. The end of them is the caller's end.</summary>
internal sealed class PodRequestReader<T>(Stream stream, Func<PodRequest, T?> unwrap, CancellationTokenSource ended) : IAsyncStreamReader<T>
    where T : class
{
    public T Current { get; private set; } = null!;

    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        PodRequest? request;
        try
        {
            request = await PodFraming.ReadAsync<PodRequest>(stream, PodRequest.Descriptor, cancellationToken);
        }
        catch (IOException)
        {
            request = null;
        }
        catch (InvalidDataException e)
        {
            throw new TemplatingException(ErrorCode.InvalidArgument, e.Message, e);
        }

        if (request is null)
        {
            await ended.CancelAsync();
            return false;
        }

        Current = unwrap(request)
            ?? throw new TemplatingException([new FieldViolation("request", $"A connection carries one request; {request.RequestCase} is another.")]);
        return true;
    }
}
