using System.Collections.Concurrent;
using System.CommandLine;
using System.Net;
using k8s;
using k8s.Autorest;
using k8s.Models;
using Templating.Kubectl.Cluster;
using Templating.Kubectl.Output;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;

namespace Templating.Kubectl.Commands;

/// <summary>What VMs cost: memory as each VM's own process tells it, CPU as the metrics server has it.</summary>
internal static class TopCommand
{
    // Each is a process of kubectl and a call into a container.
    private const int AtOnce = 8;

    private static readonly string[] Query = ["templating", "pod", "status", "--memory", "-o", "json"];

    public static Command Create(Globals globals, PluginHost host)
    {
        var wide = Globals.Wide();
        var command = new Command("top", "Shows what running VMs take of memory and CPU.") { wide };
        command.Run(globals, async (cluster, parse, cancellationToken) =>
        {
            var pods = (await ClusterReader.PodsAsync(cluster, cancellationToken)).Where(VmPods.Runs).ToList();
            var clones = await ClusterReader.ListAsync<VMClone>(cluster, VMClone.Plural, cancellationToken);
            var cpus = CpusAsync(cluster, cancellationToken);
            var memory = new ConcurrentDictionary<string, VmMemory?>(StringComparer.Ordinal);
            await Parallel.ForEachAsync(pods, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken }, async (pod, token) =>
                memory[pod.Metadata.Uid] = VmMemory.Parse(await KubectlExec.ReadAsync(cluster, pod, Query, token)));
            await host.Out.WriteAsync(TopText.Of(
                pods, clones, memory, await cpus, cluster.ListNamespace is null, parse.GetValue(wide) ? null : host.Width()));
            return ExitCode.Ok;
        });
        return command;
    }

    /// <summary>By NAMESPACE/POD; empty where the cluster has no metrics server, or one may not ask it.</summary>
    private static async Task<IReadOnlyDictionary<string, ResourceQuantity>> CpusAsync(ClusterConnection cluster, CancellationToken cancellationToken)
    {
        using var client = new GenericClient(cluster.Client, "metrics.k8s.io", "v1beta1", "pods", disposeClient: false);
        try
        {
            var list = cluster.ListNamespace is { } one
                ? await client.ListNamespacedAsync<ItemList<PodMetrics>>(one, cancel: cancellationToken)
                : await client.ListAsync<ItemList<PodMetrics>>(cancel: cancellationToken);
            return list.Items
                .Select(m => (Key: $"{m.Metadata.NamespaceProperty}/{m.Metadata.Name}", Vm: m.Containers.FirstOrDefault(c => c.Name == Keys.Container)))
                .Where(m => m.Vm?.Usage.ContainsKey("cpu") == true)
                .ToDictionary(m => m.Key, m => m.Vm!.Usage["cpu"], StringComparer.Ordinal);
        }
        catch (HttpOperationException e) when (e.Response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Forbidden or HttpStatusCode.ServiceUnavailable)
        {
            return new Dictionary<string, ResourceQuantity>(StringComparer.Ordinal);
        }
    }
}
