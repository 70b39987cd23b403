using k8s.Models;
using Microsoft.Extensions.Options;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.Operator.Pods;
using Templating.Operator.Reconcilers;
using Templating.Operator.Reconcilers.Clones;
using Templating.Operator.Reconcilers.Clones.Work;
using Templating.Operator.Reconcilers.Orphans;
using Templating.Operator.Reconcilers.Pools;
using Templating.Operator.Telemetry;

namespace Templating.Operator.Hosting;

/// <summary>Registers VM pods, and the controllers of VMPools and VMClones.</summary>
internal static class VmPodServices
{
    public static IServiceCollection AddVmPods(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<PodOptions>().Bind(configuration.GetSection(PodOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<PodOptions>, PodOptionsValidator>();
        services.AddOptions<PoolMetricsOptions>().Bind(configuration.GetSection(PoolMetricsOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<PoolMetricsOptions>, PoolMetricsOptionsValidator>();
        services.AddSingleton<PoolMetrics>();
        services.AddSingleton<Refusals>();
        services.AddSingleton<StatusApply>();
        services.AddSingleton<PodBuilder>();
        services.AddSingleton<PodReservations>();
        services.AddSingleton<NodeHealth>();
        services.AddSingleton<DaemonHealth>();
        services.AddSingleton<StrandedPods>();
        services.AddSingleton<WaitingVms>();
        services.AddSingleton<DepartedPods>();
        AddPools(services);
        AddClones(services);
        AddOrphans(services);
        return services;
    }

    private static void AddPools(IServiceCollection services)
    {
        services.AddSingleton<PoolViewer>();
        services.AddSingleton<PoolReplicator>();
        services.AddSingleton<PoolBackoff>();
        services.AddSingleton<PoolRest>();
        services.AddSingleton<PoolQuiet>();
        services.AddSingleton<PoolLevels>();
        services.AddSingleton<PoolStatus>();
        services.AddSingleton<PoolReconciler>();
        services.AddSingleton(s => PoolController.Create(
            s.GetRequiredService<PoolReconciler>(), s.GetRequiredService<ICache<VMPool>>(), s.GetRequiredService<ICache<V1Pod>>()));
    }

    private static void AddOrphans(IServiceCollection services)
    {
        services.AddSingleton<PodOwners>();
        services.AddSingleton<OrphanReconciler>();
        services.AddSingleton(s => OrphanController.Create(
            s.GetRequiredService<OrphanReconciler>(), s.GetRequiredService<PodOwners>(), s.GetRequiredService<ICache<V1Pod>>()));
    }

    private static void AddClones(IServiceCollection services)
    {
        services.AddSingleton<CloneStatusWriter>();
        services.AddSingleton<CloneClock>();
        services.AddSingleton<VmRestart>();
        services.AddSingleton<ChangeTeller>();
        services.AddSingleton<VmEnd>();
        services.AddSingleton<PodRest>();
        services.AddSingleton<InputReader>();
        foreach (var step in CloneReconciler.Steps)
        {
            services.Add(step);
        }

        services.AddSingleton<CloneReconciler>();
        services.AddSingleton<CloneTurns>();
        services.AddSingleton(s => CloneController.Create(
            s.GetRequiredService<CloneReconciler>(), s.GetRequiredService<ICache<VMClone>>(), s.GetRequiredService<ICache<V1Pod>>(),
            s.GetRequiredService<CloneTurns>()));
    }
}
