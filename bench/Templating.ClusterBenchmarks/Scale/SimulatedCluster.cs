using k8s;
using k8s.Models;
using Templating.ClusterBenchmarks.Cluster;
using Templating.ClusterBenchmarks.Simulation;

namespace Templating.ClusterBenchmarks.Scale;

/// <summary>The API server's side of simulated nodes: a Node each, and a pod of the DaemonSet that runs on it.</summary>
internal static class SimulatedCluster
{
    private const int AtOnce = 16;

    public static Task CreateAsync(ClusterClient client, SimulatedNodes nodes, string installation, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(
            nodes.All, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
            async (node, token) =>
            {
                await client.Api.CoreV1.CreateNodeAsync(MakeNode(node), cancellationToken: token);
                var pod = MakeDaemon(node, nodes.Port);
                var status = pod.Status;
                var created = await client.Api.CoreV1.CreateNamespacedPodAsync(pod, installation, cancellationToken: token);
                created.Status = status;
                await client.Api.CoreV1.ReplaceNamespacedPodStatusAsync(created, created.Metadata.Name, installation, cancellationToken: token);
            });

    private static V1Node MakeNode(SimulatedNode node) => new()
    {
        Metadata = new V1ObjectMeta
        {
            Name = node.Name,
            Labels = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["kubernetes.io/hostname"] = node.Name,
                ["kubernetes.io/os"] = "linux",
                ["kubernetes.io/arch"] = "amd64",
            },
        },
        Status = new V1NodeStatus
        {
            Conditions = [new V1NodeCondition { Type = "Ready", Status = "True", Reason = "Simulated", Message = "simulated" }],
            Addresses = [new V1NodeAddress { Type = "InternalIP", Address = node.Address.ToString() }],
        },
    };

    private static V1Pod MakeDaemon(SimulatedNode node, int port) => new()
    {
        Metadata = new V1ObjectMeta
        {
            Name = $"templating-{node.Name}",
            Labels = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["app.kubernetes.io/name"] = "templating",
                ["app.kubernetes.io/component"] = "node",
            },
        },
        Spec = new V1PodSpec
        {
            NodeName = node.Name,
            Containers =
            [
                new V1Container
                {
                    Name = "node",
                    Image = "simulated",
                    Ports = [new V1ContainerPort { Name = "grpc", ContainerPort = port }],
                },
            ],
        },
        Status = new V1PodStatus
        {
            Phase = "Running",
            PodIP = node.Address.ToString(),
            PodIPs = [new V1PodIP { Ip = node.Address.ToString() }],
            Conditions = [new V1PodCondition { Type = "Ready", Status = "True" }],
            ContainerStatuses =
            [
                new V1ContainerStatus { Name = "node", Image = "simulated", ImageID = "simulated", Ready = true, Started = true, RestartCount = 0 },
            ],
        },
    };
}
