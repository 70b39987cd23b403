using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Templating.Api.Client;

/// <summary>Turns every failed call's <see cref="RpcException"/> into a <see cref="TemplatingClientException"/>.</summary>
internal sealed class ErrorInterceptor : Interceptor
{
    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncUnaryCallContinuation<TRequest, TResponse> continuation)
    {
        var call = continuation(request, context);
        var response = TranslateAsync(call.ResponseAsync, context.Options.CancellationToken, default);
        return new AsyncUnaryCall<TResponse>(
            response, call.ResponseHeadersAsync, call.GetStatus, call.GetTrailers, call.Dispose);
    }

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncServerStreamingCallContinuation<TRequest, TResponse> continuation)
    {
        var call = continuation(request, context);
        return new AsyncServerStreamingCall<TResponse>(
            new Reader<TResponse>(call.ResponseStream, context.Options.CancellationToken),
            call.ResponseHeadersAsync, call.GetStatus, call.GetTrailers, call.Dispose);
    }

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        ClientInterceptorContext<TRequest, TResponse> context, AsyncDuplexStreamingCallContinuation<TRequest, TResponse> continuation)
    {
        var call = continuation(context);
        return new AsyncDuplexStreamingCall<TRequest, TResponse>(
            call.RequestStream,
            new Reader<TResponse>(call.ResponseStream, context.Options.CancellationToken),
            call.ResponseHeadersAsync, call.GetStatus, call.GetTrailers, call.Dispose);
    }

    private static async Task<T> TranslateAsync<T>(Task<T> task, CancellationToken call, CancellationToken step)
    {
        try
        {
#pragma warning disable VSTHRD003 // The call was started for us, a line above.
            return await task;
#pragma warning restore VSTHRD003
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Cancelled && (call.IsCancellationRequested || step.IsCancellationRequested))
        {
            throw new OperationCanceledException(e.Status.Detail, e, call.IsCancellationRequested ? call : step);
        }
        catch (RpcException e)
        {
            throw TemplatingClientException.From(e);
        }
    }

    private sealed class Reader<T>(IAsyncStreamReader<T> inner, CancellationToken call) : IAsyncStreamReader<T>
    {
        public T Current => inner.Current;

        public Task<bool> MoveNext(CancellationToken cancellationToken) =>
            TranslateAsync(inner.MoveNext(cancellationToken), call, cancellationToken);
    }
}
