using k8s.Models;
using Templating.Api.Client;
using Templating.Benchmarks;
using Templating.ClusterBenchmarks.Cluster;
using Templating.Contract;
using Templating.Kubernetes.Resources;

namespace Templating.ClusterBenchmarks.Pods;

/// <summary>
/// How long the VM of a pod boots: what the node's daemon measures in the build of a template that is the pods' but for a word on its kernel's command
/// line, from the start of QEMU until the guest's agent answers. Nothing else of the build counts.
/// </summary>
internal sealed class Boots(ClusterClient client, ObjectWatch<VMTemplate> templates, TemplatingClient daemon, string @namespace, PodsOptions options)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    /// <returns>Milliseconds.</returns>
    public async Task<double> MeasureAsync(int number, CancellationToken cancellationToken)
    {
        var name = $"boot-{number}";
        await client.Templates.CreateNamespacedAsync(PodSpecs.MakeTemplate(name, options.GuestFolder, $"bench.boot={number}"), @namespace, cancellationToken);
        await templates.WhenAsync(name, Conditions.Ready, Limit, cancellationToken);
        double? took = null;
        await foreach (var template in daemon.Templates.ListAllAsync($"tenants/{@namespace}", cancellationToken: cancellationToken))
        {
            if (NodeTemplates.FamilyOf(template.Template_) == name)
            {
                took = template.Phases.Where(p => p.Name is "boot" or "ready").Sum(p => p.Duration.ToTimeSpan().TotalMilliseconds);
            }
        }

        await client.Templates.DeleteNamespacedAsync<V1Status>(@namespace, name, cancellationToken);
        await templates.WhenAsync(name, Conditions.Gone, Limit, cancellationToken);
        return took ?? throw new BenchmarkException($"The daemon does not have the template {name} that the cluster calls ready.");
    }
}
