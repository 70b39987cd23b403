using Templating.ClusterBenchmarks.Cluster;
using Templating.ClusterBenchmarks.Simulation;
using Templating.Testing.Kubernetes;

namespace Templating.ClusterBenchmarks.Scale;

/// <summary>The API server's side of simulated nodes: a Node each, and a pod of the DaemonSet that runs on it.</summary>
internal static class SimulatedCluster
{
    private const int AtOnce = 16;

    public static Task CreateAsync(ClusterClient client, SimulatedNodes nodes, string installation, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(
            nodes.All, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
            async (node, _) =>
            {
                await ClusterNodes.AddNodeAsync(client.Api, node.Name);
                await ClusterNodes.AddDaemonAsync(client.Api, installation, node.Name, nodes.Port, node.Address);
            });
}
