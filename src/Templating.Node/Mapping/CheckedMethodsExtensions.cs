using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace Templating.Node.Mapping;

/// <summary>Registers gRPC services with <see cref="CheckedMethods{TService}"/>.</summary>
internal static class CheckedMethodsExtensions
{
    /// <summary>Of a service that is registered itself, as a singleton.</summary>
    /// <param name="services">After <see cref="RemoveUncheckedMethods"/>.</param>
    /// <param name="descriptor">What it is.</param>
    /// <param name="bind">Its generated BindService.</param>
    public static IServiceCollection AddCheckedMethods<TService>(
        this IServiceCollection services, ServiceDescriptor descriptor, Action<ServiceBinderBase, TService> bind)
        where TService : class =>
        services.AddSingleton<IServiceMethodProvider<TService>>(provider => new CheckedMethods<TService>(
            descriptor, binder => bind(binder, provider.GetRequiredService<TService>())));

    /// <summary>After AddGrpc, whose own provider would map each method a second time.</summary>
    public static void RemoveUncheckedMethods(this IServiceCollection services)
    {
        foreach (var provider in services.Where(service => service.ServiceType == typeof(IServiceMethodProvider<>)).ToArray())
        {
            services.Remove(provider);
        }
    }
}
