using Grpc.Health.V1;
using Grpc.Reflection;
using Templating.Node.Mapping;
using ReflectionV1 = Grpc.Reflection.V1.ServerReflection;
using ReflectionV1Alpha = Grpc.Reflection.V1Alpha.ServerReflection;

namespace Templating.Node.Services;

/// <summary>The methods of all services of the node.</summary>
internal static class NodeMethods
{
    public static void AddNodeMethods(this IServiceCollection services) => services
        .AddCheckedMethods<TemplateService>(V1.TemplateService.Descriptor, V1.TemplateService.BindService)
        .AddCheckedMethods<CloneService>(V1.CloneService.Descriptor, V1.CloneService.BindService)
        .AddCheckedMethods<SandboxService>(V1.SandboxService.Descriptor, V1.SandboxService.BindService)
        .AddCheckedMethods<ImageService>(V1.ImageService.Descriptor, V1.ImageService.BindService)
        .AddCheckedMethods<PoolService>(V1.PoolService.Descriptor, V1.PoolService.BindService)
        .AddCheckedMethods<NodeService>(V1.NodeService.Descriptor, V1.NodeService.BindService)
        .AddCheckedMethods<PodService>(V1.PodService.Descriptor, V1.PodService.BindService)
        .AddCheckedMethods<HealthService>(Health.Descriptor, Health.BindService)
        .AddCheckedMethods<ReflectionServiceImpl>(ReflectionV1Alpha.Descriptor, ReflectionV1Alpha.BindService)
        .AddCheckedMethods<ReflectionV1ServiceImpl>(ReflectionV1.Descriptor, ReflectionV1.BindService);
}
