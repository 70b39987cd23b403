using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Templating.Api.Wire;
using Templating.V1;

namespace Templating.Api.Client;

/// <summary>
/// Turns every failed call's <see cref="RpcException"/> into a <see cref="TemplatingClientException"/>, and keeps nothing of what
/// a daemon says beyond what this version knows.
/// </summary>
internal sealed class ErrorInterceptor : Interceptor
{
    private static readonly Dictionary<string, ServiceDescriptor> Services =
        new[] { TemplateService.Descriptor, CloneService.Descriptor, PodService.Descriptor, NodeService.Descriptor }
            .ToDictionary(service => service.FullName, StringComparer.Ordinal);

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncUnaryCallContinuation<TRequest, TResponse> continuation)
    {
        var call = continuation(request, Known(context));
        var response = TranslateAsync(call.ResponseAsync, context.Options.CancellationToken, default);
        return new AsyncUnaryCall<TResponse>(
            response, call.ResponseHeadersAsync, call.GetStatus, call.GetTrailers, call.Dispose);
    }

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncServerStreamingCallContinuation<TRequest, TResponse> continuation)
    {
        var call = continuation(request, Known(context));
        return new AsyncServerStreamingCall<TResponse>(
            new Reader<TResponse>(call.ResponseStream, context.Options.CancellationToken),
            call.ResponseHeadersAsync, call.GetStatus, call.GetTrailers, call.Dispose);
    }

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        ClientInterceptorContext<TRequest, TResponse> context, AsyncDuplexStreamingCallContinuation<TRequest, TResponse> continuation)
    {
        var call = continuation(Known(context));
        return new AsyncDuplexStreamingCall<TRequest, TResponse>(
            call.RequestStream,
            new Reader<TResponse>(call.ResponseStream, context.Options.CancellationToken),
            call.ResponseHeadersAsync, call.GetStatus, call.GetTrailers, call.Dispose);
    }

    private static ClientInterceptorContext<TRequest, TResponse> Known<TRequest, TResponse>(ClientInterceptorContext<TRequest, TResponse> context)
        where TRequest : class
        where TResponse : class =>
        Services.TryGetValue(context.Method.ServiceName, out var service)
            ? new ClientInterceptorContext<TRequest, TResponse>(KnownFields.InResponses(context.Method, service), context.Host, context.Options)
            : context;

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
