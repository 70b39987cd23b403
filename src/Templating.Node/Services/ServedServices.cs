using Templating.Node.Options;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace Templating.Node.Services;

/// <summary>What is served, as reflection and health tell it. Named here so that nothing has to be found by .NET reflection.</summary>
internal static class ServedServices
{
    public static IReadOnlyList<ServiceDescriptor> Of(NodeOptions options) => options.ServesPods ? [.. Always, V1.PodService.Descriptor] : Always;

    private static readonly IReadOnlyList<ServiceDescriptor> Always =
    [
        V1.TemplateService.Descriptor,
        V1.CloneService.Descriptor,
        V1.SandboxService.Descriptor,
        V1.ImageService.Descriptor,
        V1.PoolService.Descriptor,
        V1.NodeService.Descriptor,
        Grpc.Health.V1.Health.Descriptor,
    ];
}
