using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Templating.Node.Mapping;

/// <summary>
/// What every call passes: who may not call is turned away before the service runs, and every failure is told in the one form
/// that its callers know.
/// </summary>
internal abstract class CallGuard : Interceptor
{
    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation) =>
        RunAsync(context, () => continuation(request, context));

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation) =>
        RunAsync(context, () => NothingOfAsync(continuation(request, responseStream, context)));

    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation) =>
        RunAsync(context, () => NothingOfAsync(continuation(requestStream, responseStream, context)));

    /// <summary>Throws where the caller is not let in.</summary>
    protected abstract void Admit(ServerCallContext context);

    protected abstract RpcException Translate(Exception failure, ServerCallContext context);

    private async Task<T> RunAsync<T>(ServerCallContext context, Func<Task<T>> call)
    {
        try
        {
            Admit(context);
            return await call();
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw Translate(e, context);
        }
    }

    private static async Task<bool> NothingOfAsync(Task call)
    {
        await call;
        return true;
    }
}
