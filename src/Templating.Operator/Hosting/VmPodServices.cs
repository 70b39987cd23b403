using k8s.Models;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.Operator.Pods;
using Templating.Operator.Reconcilers.Clones;
using Templating.Operator.Reconcilers.Clones.Steps;
using Templating.Operator.Reconcilers.Pools;

namespace Templating.Operator.Hosting;

/// <summary>Registers VM pods, and the controllers of VMPools and VMClones.</summary>
internal static class VmPodServices
{
    public static IServiceCollection AddVmPods(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<PodOptions>().Bind(configuration.GetSection(PodOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<ICache<VMTemplate>>(s => s.GetRequiredService<Caches>().Templates);
        services.TryAddSingleton<ICache<VMPool>>(s => s.GetRequiredService<Caches>().Pools);
        services.TryAddSingleton<ICache<VMClone>>(s => s.GetRequiredService<Caches>().Clones);
        services.TryAddSingleton<ICache<V1Pod>>(s => s.GetRequiredService<Caches>().Pods);
        services.TryAddSingleton<ICache<V1Node>>(s => s.GetRequiredService<Caches>().Nodes);
        services.AddSingleton<PodBuilder>();
        services.AddSingleton<PodReservations>();
        services.AddSingleton<NodeHealth>();
        AddPools(services);
        AddClones(services);
        return services;
    }

    private static void AddPools(IServiceCollection services)
    {
        services.AddSingleton<PoolViewer>();
        services.AddSingleton<PoolReplicator>();
        services.AddSingleton<PoolBackoff>();
        services.AddSingleton<PoolStatus>();
        services.AddSingleton<PoolReconciler>();
        services.AddSingleton(s => PoolController.Create(
            s.GetRequiredService<PoolReconciler>(), s.GetRequiredService<ICache<VMPool>>(), s.GetRequiredService<ICache<V1Pod>>()));
    }

    private static void AddClones(IServiceCollection services)
    {
        services.AddSingleton<CloneStatusWriter>();
        services.AddSingleton<CloneClock>();
        services.AddSingleton<Finisher>();
        services.AddSingleton<InputReader>();

        // In the order in which they run.
        services.AddSingleton<ICloneStep, FindPod>();
        services.AddSingleton<ICloneStep, Expire>();
        services.AddSingleton<ICloneStep, Accept>();
        services.AddSingleton<ICloneStep, ShutDown>();
        services.AddSingleton<ICloneStep, EndOfPod>();
        services.AddSingleton<ICloneStep, ReadInputs>();
        services.AddSingleton<ICloneStep, TakeFromPool>();
        services.AddSingleton<ICloneStep, CreatePod>();
        services.AddSingleton<ICloneStep, Activate>();
        services.AddSingleton<ICloneStep, Observe>();
        services.AddSingleton(s => new CloneReconciler(
            s.GetRequiredService<ICache<VMClone>>(),
            [.. s.GetServices<ICloneStep>()],
            s.GetRequiredService<CloneStatusWriter>(),
            s.GetRequiredService<CloneClock>(),
            s.GetRequiredService<TimeProvider>()));
        services.AddSingleton(s => CloneController.Create(
            s.GetRequiredService<CloneReconciler>(), s.GetRequiredService<ICache<VMClone>>(), s.GetRequiredService<ICache<V1Pod>>()));
    }
}
