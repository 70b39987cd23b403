using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Templating.Api.Wire;
using Templating.Core.Errors;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace Templating.Node.Mapping;

/// <summary>
/// A service's methods with requests read by <see cref="KnownFields"/>. In the place of gRPC's own provider, which has what
/// cannot be decoded fail as a fault of ours, with a stack trace each.
/// </summary>
/// <param name="service">What it is.</param>
/// <param name="bind">The generated BindService, with the one that serves.</param>
internal sealed class CheckedMethods<TService>(ServiceDescriptor service, Action<ServiceBinderBase> bind) : IServiceMethodProvider<TService>
    where TService : class
{
    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<TService> context) => bind(new Binder(service, context));

    private sealed class Binder(ServiceDescriptor service, ServiceMethodProviderContext<TService> context) : ServiceBinderBase
    {
        private static readonly object[] Metadata = [new HttpMethodMetadata([HttpMethods.Post])];

        public override void AddMethod<TRequest, TResponse>(
            Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler) =>
            context.AddUnaryMethod(Checked(method), Metadata, (_, request, call) => handler!(request, call));

        public override void AddMethod<TRequest, TResponse>(
            Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse>? handler) =>
            context.AddServerStreamingMethod(Checked(method), Metadata, (_, request, responses, call) => handler!(request, responses, call));

        public override void AddMethod<TRequest, TResponse>(
            Method<TRequest, TResponse> method, ClientStreamingServerMethod<TRequest, TResponse>? handler) =>
            context.AddClientStreamingMethod(Checked(method), Metadata, (_, requests, call) => handler!(requests, call));

        public override void AddMethod<TRequest, TResponse>(
            Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler) =>
            context.AddDuplexStreamingMethod(Checked(method), Metadata, (_, requests, responses, call) => handler!(requests, responses, call));

        private Method<TRequest, TResponse> Checked<TRequest, TResponse>(Method<TRequest, TResponse> method)
            where TRequest : class
            where TResponse : class =>
            KnownFields.InRequests(method, service, fault => ErrorMapping.ToStatus(new TemplatingException(
                ErrorCode.InvalidArgument, $"The message is not a {method.Name} request: {fault.Message}", fault)).ToRpcException());
    }
}
