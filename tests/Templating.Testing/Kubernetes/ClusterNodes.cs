using System.Net;
using k8s;
using k8s.Models;
using Templating.Kubernetes;

namespace Templating.Testing.Kubernetes;

/// <summary>Node objects and daemons' pods on a server without kubelets, for stand-ins of daemons.</summary>
public static class ClusterNodes
{
    /// <summary>A Node that is ready.</summary>
    public static async Task AddNodeAsync(IKubernetes client, string name, IDictionary<string, string>? labels = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        await client.CoreV1.CreateNodeAsync(new V1Node { Metadata = new V1ObjectMeta { Name = name, Labels = labels } });
        await SetReadyAsync(client, name, isReady: true, TimeProvider.System.GetUtcNow());
    }

    public static async Task SetReadyAsync(IKubernetes client, string name, bool isReady, DateTimeOffset since)
    {
        ArgumentNullException.ThrowIfNull(client);
        var node = new V1Node
        {
            Status = new V1NodeStatus
            {
                Conditions = [new V1NodeCondition { Type = "Ready", Status = isReady ? "True" : "Unknown", Reason = "Test", Message = "As the test says.", LastTransitionTime = since.UtcDateTime }],
                Capacity = new Dictionary<string, ResourceQuantity> { ["cpu"] = new("8"), ["memory"] = new("64Gi"), ["pods"] = new("110") },
                Allocatable = new Dictionary<string, ResourceQuantity> { ["cpu"] = new("8"), ["memory"] = new("64Gi"), ["pods"] = new("110") },
            },
        };
        await client.CoreV1.PatchNodeStatusAsync(new V1Patch(node, V1Patch.PatchType.MergePatch), name);
    }

    /// <summary>The pod of a daemon that serves on a port of an address of loopback, 127.0.0.1 where it is null.</summary>
    public static async Task AddDaemonAsync(IKubernetes client, string @namespace, string node, int port, IPAddress? address = null)
    {
        var ip = (address ?? IPAddress.Loopback).ToString();
        ArgumentNullException.ThrowIfNull(client);
        var pod = new V1Pod
        {
            Metadata = new V1ObjectMeta
            {
                Name = $"templating-node-{node}",
                Labels = new Dictionary<string, string> { [Keys.NameLabel] = InstallationLabels.Name, [InstallationLabels.Component] = InstallationLabels.Node },
            },
            Spec = new V1PodSpec
            {
                NodeName = node,
                Containers = [new V1Container { Name = "templating", Image = "test", Ports = [new V1ContainerPort { Name = "grpc", ContainerPort = port }] }],
            },
        };
        await client.CoreV1.CreateNamespacedPodAsync(pod, @namespace);
        var status = new V1Pod { Status = new V1PodStatus { Phase = "Running", PodIP = ip, PodIPs = [new V1PodIP { Ip = ip }] } };
        await client.CoreV1.PatchNamespacedPodStatusAsync(new V1Patch(status, V1Patch.PatchType.MergePatch), pod.Metadata.Name, @namespace);
    }

    public static Task RemoveDaemonAsync(IKubernetes client, string @namespace, string node) => client.CoreV1.DeleteNamespacedPodAsync(
        $"templating-node-{node}", @namespace, new V1DeleteOptions { GracePeriodSeconds = 0 });
}
