using k8s.Models;
using Microsoft.Extensions.Options;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.Operator.Leadership;
using Templating.Operator.Nodes;
using Templating.Operator.Queues;
using Templating.Operator.Reconcilers;
using Templating.Operator.Reconcilers.NodeLabels;
using Templating.Operator.Reconcilers.Templates;
using Templating.Operator.Telemetry;

namespace Templating.Operator.Hosting;

/// <summary>Everything of the operator but its web server.</summary>
internal static class OperatorServices
{
    public static IServiceCollection AddOperator(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<OperatorOptions>().Bind(configuration).ValidateOnStart();
        services.AddSingleton<IValidateOptions<OperatorOptions>, OperatorOptionsValidator>();
        services.AddSingleton<IValidateOptions<OperatorOptions>, OperatorOptionsRules>();
        services.AddSingleton(provider => Options.Create(provider.GetRequiredService<IOptions<OperatorOptions>>().Value.NodeTls));
        services.AddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddSingleton<OperatorMetrics>();
        services.AddHostedService<OperatorGauges>();
        AddCluster(services);
        AddNodes(services);
        AddTemplates(services);
        services.AddVmPods(configuration);
        services.AddSingleton(provider =>
        {
            var options = provider.GetRequiredService<IOptions<OperatorOptions>>().Value;
            return new LeaderElection(
                provider.GetRequiredService<ClusterApi>(), options.Namespace, options.Identity, options.Leader,
                provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<LeaderElection>>());
        });
        services.AddSingleton<LeaderWork>();
        services.AddSingleton<OperatorWork>();
        services.AddHostedService(provider => provider.GetRequiredService<OperatorWork>());
        return services;
    }

    /// <summary>What the informers know, by kind.</summary>
    public static IServiceCollection AddCaches(this IServiceCollection services)
    {
        services.AddSingleton<ICache<VMTemplate>>(provider => provider.GetRequiredService<Caches>().Templates);
        services.AddSingleton<ICache<VMPool>>(provider => provider.GetRequiredService<Caches>().Pools);
        services.AddSingleton<ICache<VMClone>>(provider => provider.GetRequiredService<Caches>().Clones);
        services.AddSingleton<ICache<V1Pod>>(provider => provider.GetRequiredService<Caches>().Pods);
        services.AddSingleton<ICache<V1Node>>(provider => provider.GetRequiredService<Caches>().Nodes);
        return services;
    }

    private static void AddCluster(IServiceCollection services)
    {
        services.AddSingleton<ClusterMetrics>();
        services.AddSingleton(provider => ClusterConnection.Open(provider.GetRequiredService<IOptions<OperatorOptions>>().Value));
        services.AddSingleton<ClusterApi>();
        services.AddSingleton(provider =>
        {
            var options = provider.GetRequiredService<IOptions<OperatorOptions>>().Value;
            return new Caches(
                provider.GetRequiredService<ClusterApi>(), options.Namespace, options.WatchNamespace, provider.GetRequiredService<ClusterMetrics>(),
                provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<Caches>>());
        });
        services.AddCaches();
        services.AddSingleton<ClusterWriter>();
        services.AddSingleton<Events>();
        services.AddSingleton<IEvents>(provider => provider.GetRequiredService<Events>());
    }

    private static void AddNodes(IServiceCollection services)
    {
        services.AddSingleton<NodeClients>();
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<NodeDirectory>(provider, provider.GetRequiredService<Caches>().Daemons));
        services.AddSingleton<INodeDirectory>(provider => provider.GetRequiredService<NodeDirectory>());
        services.AddSingleton<INodeChanges>(provider => provider.GetRequiredService<NodeDirectory>());
        services.AddSingleton<TriggerSources>();
        services.AddSingleton<NodeLabelReconciler>();
        services.AddSingleton<Controller>(provider => NodeLabelController.Create(
            provider.GetRequiredService<NodeLabelReconciler>(), provider.GetRequiredService<INodeDirectory>(),
            provider.GetRequiredService<ICache<V1Node>>(), provider.GetRequiredService<Refusals>()));
    }

    private static void AddTemplates(IServiceCollection services)
    {
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<Builds>(
            provider, (Action<NodeChange>)provider.GetRequiredService<NodeDirectory>().Announce));
        services.AddSingleton<TemplateUsers>();
        services.AddSingleton<TemplateNodes>();
        services.AddSingleton<Retention>();
        services.AddSingleton<TemplateHold>();
        services.AddSingleton<TemplateStatusWriter>();
        services.AddSingleton<TemplateRollout>();
        services.AddSingleton<FilesRemoval>();
        services.AddSingleton<TemplateRemoval>();
        services.AddSingleton<TemplateReconciler>();
        services.AddSingleton<Controller>(provider => TemplateController.Create(
            provider.GetRequiredService<TemplateReconciler>(), provider.GetRequiredService<ICache<VMTemplate>>()));
    }
}
