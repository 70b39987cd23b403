using Templating.Core.Machines;
using Templating.Core.Store;
using Templating.Core.Templates;
using Templating.Core.Vms;
using Templating.Node.Kubernetes;
using Templating.Node.Kubernetes.Volumes;
using Templating.Node.Options;
using Templating.Node.VmPods;

namespace Templating.Node.Hosting;

/// <summary>What a daemon has in a cluster and nowhere else.</summary>
internal static class KubernetesServices
{
    /// <summary>After the domain: volumes are recovered once the store and its clones are.</summary>
    public static void AddKubernetes(this IServiceCollection services, NodeOptions options)
    {
        if (options.KubeletPath is not { } kubelet)
        {
            return;
        }

        services.AddSingleton(new KubeletPaths(kubelet));
        if (options.ServesPods)
        {
            services.AddSingleton<IVolumeMounts, VolumeMounts>();
            services.AddSingleton(provider => new VolumeManager(
                new VolumeOptions { RecordFolder = Path.Combine(options.RunPath, "volumes"), TargetRoot = Path.Combine(kubelet, "pods") },
                provider.GetRequiredService<TemplateStore>(), provider.GetRequiredService<RevisionLeases>(), provider.GetRequiredService<IVmm>(),
                provider.GetRequiredService<FirstPages>(),
                provider.GetRequiredService<IVolumeMounts>(), provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ILogger<VolumeManager>>()));
            services.AddHostedService<VolumeRecovery>();
            services.AddHostedService<PodFollowers>();
            services.AddHostedService<CsiServer>();
        }

        services.AddHostedService<DevicePluginServer>();
    }

    private sealed class VolumeRecovery(VolumeManager volumes) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            volumes.Recover();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
