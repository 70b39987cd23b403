using System.Diagnostics;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Templating.Core.Errors;
using Templating.Node.Authorization;
using Templating.Node.Hosting;
using Templating.Node.Mapping;

namespace Templating.Node.Services;

/// <summary>
/// The one place that every call passes: finds out who calls before the service runs, and tells every failure in the
/// one form that callers know.
/// </summary>
internal sealed class CallInterceptor(PolicySource policy, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<CallInterceptor> logger)
    : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            Identify(context);
            return await continuation(request, context);
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw Translate(e, context);
        }
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            Identify(context);
            await continuation(request, responseStream, context);
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw Translate(e, context);
        }
    }

    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            Identify(context);
            await continuation(requestStream, responseStream, context);
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw Translate(e, context);
        }
    }

    private void Identify(ServerCallContext context)
    {
        // No peer: a listener that is not one of ours. Nobody is let in by a mistake of configuration.
        var peer = context.GetHttpContext().Features.Get<Peer>()
            ?? throw new TemplatingException(ErrorCode.PermissionDenied, "The connection does not tell who calls.");
        context.SetCaller(policy.Identify(peer));
    }

    private RpcException Translate(Exception e, ServerCallContext context)
    {
        switch (e)
        {
            case TemplatingException { Code: ErrorCode.Internal or ErrorCode.IsolationViolated } failure:
                CallLog.Failed(logger, context.Method, CorrelationId(), failure);
                return Status(failure);
            case TemplatingException failure:
                CallLog.Refused(logger, context.Method, failure.Code, failure.Message);
                return Status(failure);
            case OperationCanceledException or IOException when context.CancellationToken.IsCancellationRequested:
                return new RpcException(context.Deadline <= time.GetUtcNow().UtcDateTime
                    ? new Status(StatusCode.DeadlineExceeded, "The call's deadline has passed; what it had begun was undone.")
                    : new Status(StatusCode.Cancelled, "The caller cancelled the call; what it had begun was undone."));
            case OperationCanceledException when lifetime.ApplicationStopping.IsCancellationRequested:
                return Status(CallFailures.ShuttingDown());
            default:
                var id = CorrelationId();
                CallLog.Failed(logger, context.Method, id, e);
                return ErrorMapping.ToInternal(id).ToRpcException();
        }
    }

    private static RpcException Status(TemplatingException failure) => ErrorMapping.ToStatus(failure).ToRpcException();

    internal static string CorrelationId() => (Activity.Current?.TraceId ?? ActivityTraceId.CreateRandom()).ToHexString();
}
