using System.Threading.Channels;
using Grpc.Core;
using Templating.Core.Clones;
using Templating.Core.Errors;
using Templating.Node.Mapping;
using Templating.V1;

namespace Templating.Node.Services;

/// <summary>Makes many clones at once and sends each result as it comes. How many start at once is the manager's to decide.</summary>
internal sealed class CloneBatch(ICloneManager clones, ILogger<CloneBatch> logger)
{
    public async Task RunAsync(
        IReadOnlyList<CreateClone> requests, IServerStreamWriter<CreateClonesResponse> responseStream, ServerCallContext context)
    {
        var results = Channel.CreateUnbounded<CreateClonesResponse>(new UnboundedChannelOptions { SingleReader = true });
        var all = CreateAllAsync(requests, results.Writer, context);
        try
        {
            await foreach (var result in results.Reader.ReadAllAsync(context.CancellationToken))
            {
                await responseStream.WriteAsync(result, context.CancellationToken);
            }
        }
        finally
        {
            // The call is not over before its clones are made or gone.
            await all;
        }

        context.CancellationToken.ThrowIfCancellationRequested();
    }

    private async Task CreateAllAsync(
        IReadOnlyList<CreateClone> requests, ChannelWriter<CreateClonesResponse> results, ServerCallContext context)
    {
        await Task.WhenAll(requests.Select(async (request, index) => results.TryWrite(await CreateOneAsync(request, index, context))));
        results.Complete();
    }

    private async Task<CreateClonesResponse> CreateOneAsync(CreateClone request, int index, ServerCallContext context)
    {
        try
        {
            return new CreateClonesResponse
            {
                Index = index,
                Clone_ = CloneWriter.ToWire(await clones.CreateAsync(request, context.CancellationToken)),
            };
        }
        catch (OperationCanceledException) when (context.CancellationToken.IsCancellationRequested)
        {
            return new CreateClonesResponse { Index = index, Error = new Google.Rpc.Status { Code = (int)StatusCode.Cancelled } };
        }
        catch (TemplatingException e) when (e.Code is not (ErrorCode.Internal or ErrorCode.IsolationViolated))
        {
            return new CreateClonesResponse { Index = index, Error = ErrorMapping.ToStatus(e) };
        }
        catch (Exception e) when (HostFailure.Find(e) is { } refusal)
        {
            return new CreateClonesResponse { Index = index, Error = ErrorMapping.ToStatus(refusal) };
        }
        catch (Exception e)
        {
            // One that fails must not stop the others; it is logged and told like the failure of a call.
            var id = CallInterceptor.CorrelationId();
            CallLog.Failed(logger, context.Method, id, e);
            return new CreateClonesResponse
            {
                Index = index,
                Error = e is TemplatingException failure ? ErrorMapping.ToStatus(failure) : ErrorMapping.ToInternal(id),
            };
        }
    }
}
