using System.Net;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace Templating.Testing.Kubernetes;

/// <summary>
/// Does what scheduler and kubelet would do to a namespace's pods, when told to, or to all of them by itself
/// (<see cref="RunAsync"/>): binds them to a node, tells that they run, or how they ended, and lets deleted ones go.
/// </summary>
public sealed class ScriptedKubelet(IKubernetes client, string @namespace)
{
    private int _addresses;

    public async Task<V1Pod> StartAsync(string pod, string node)
    {
        await BindAsync(pod, node);
        return await TellRunningAsync(pod);
    }

    public Task<V1Pod> TellRunningAsync(string pod) => PatchStatusAsync(pod, new V1PodStatus
    {
        Phase = "Running",
        PodIP = $"10.244.0.{1 + Interlocked.Increment(ref _addresses) % 250}",
        ContainerStatuses = [Container(new V1ContainerState { Running = new V1ContainerStateRunning() })],
    });

    /// <summary>Its volume does not come: the container waits to be made.</summary>
    public async Task<V1Pod> StrandAsync(string pod, string node)
    {
        await BindAsync(pod, node);
        return await PatchStatusAsync(pod, new V1PodStatus
        {
            Phase = "Pending",
            ContainerStatuses = [Container(new V1ContainerState { Waiting = new V1ContainerStateWaiting { Reason = "ContainerCreating" } })],
        });
    }

    private async Task BindAsync(string pod, string node)
    {
        var binding = new V1Binding
        {
            Metadata = new V1ObjectMeta { Name = pod, NamespaceProperty = @namespace },
            Target = new V1ObjectReference { ApiVersion = "v1", Kind = "Node", Name = node },
        };
        await client.CoreV1.CreateNamespacedPodBindingAsync(binding, pod, @namespace);
    }

    public Task<V1Pod> EndAsync(string pod, int exitCode, string? reason = null, string? message = null) => PatchStatusAsync(pod, new V1PodStatus
    {
        Phase = exitCode == 0 ? "Succeeded" : "Failed",
        ContainerStatuses = [Container(new V1ContainerState
        {
            Terminated = new V1ContainerStateTerminated { ExitCode = exitCode, Reason = reason, Message = message },
        })],
    });

    /// <summary>The VM's container ended, and a sidecar runs on: so does the pod.</summary>
    public Task<V1Pod> EndVmBesideASidecarAsync(string pod, int exitCode, string? reason = null, string? message = null) => PatchStatusAsync(pod, new V1PodStatus
    {
        Phase = "Running",
        ContainerStatuses =
        [
            Container(new V1ContainerState { Running = new V1ContainerStateRunning() }, "proxy"),
            Container(new V1ContainerState { Terminated = new V1ContainerStateTerminated { ExitCode = exitCode, Reason = reason, Message = message } }),
        ],
    });

    /// <summary>As scheduler, eviction API, taint manager and pod garbage collector tell it before they delete a pod, from Kubernetes 1.26 on.</summary>
    public Task<V1Pod> MarkDisruptedAsync(string pod, string reason, string message) => PatchStatusAsync(pod, new V1PodStatus
    {
        Conditions = [new V1PodCondition { Type = "DisruptionTarget", Status = "True", Reason = reason, Message = message }],
    });

    /// <summary>As a kubelet does when a deleted pod's containers ended.</summary>
    public async Task RemoveAsync(string pod)
    {
        try
        {
            await client.CoreV1.DeleteNamespacedPodAsync(pod, @namespace, gracePeriodSeconds: 0);
        }
        catch (HttpOperationException gone) when (gone.Response.StatusCode == HttpStatusCode.NotFound)
        {
            // It is what was wanted.
        }
    }

    /// <summary>Starts every pod on the node and removes deleted ones, until cancelled.</summary>
    /// <param name="node">Where they go.</param>
    /// <param name="started">Told of each pod that runs.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(string node, Action<V1Pod> started, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            foreach (var pod in (await client.CoreV1.ListNamespacedPodAsync(@namespace, cancellationToken: CancellationToken.None)).Items)
            {
                if (pod.Metadata.DeletionTimestamp is not null)
                {
                    await RemoveAsync(pod.Metadata.Name);
                }
                else if (string.IsNullOrEmpty(pod.Spec.NodeName))
                {
                    await TryStartAsync(pod.Metadata.Name, node, started);
                }
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, CancellationToken.None);
        }
    }

    private async Task TryStartAsync(string pod, string node, Action<V1Pod> started)
    {
        try
        {
            started(await StartAsync(pod, node));
        }
        catch (HttpOperationException gone) when (gone.Response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Conflict)
        {
            // It was deleted since it was listed.
        }
    }

    private static V1ContainerStatus Container(V1ContainerState state, string name = "vm") =>
        new() { Name = name, Image = "test", ImageID = "test", Ready = state.Running is not null, State = state };

    private Task<V1Pod> PatchStatusAsync(string pod, V1PodStatus status) => client.CoreV1.PatchNamespacedPodStatusAsync(
        new V1Patch(KubernetesJson.Serialize(new V1Pod { Status = status }), V1Patch.PatchType.MergePatch), pod, @namespace);
}
