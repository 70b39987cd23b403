using k8s.Models;
using Templating.Kubectl.Cluster;
using Templating.Kubernetes;

namespace Templating.Kubectl.Explaining;

/// <summary>What keeps a VM pod from running: the scheduler, the container, the volume, the node's daemon.</summary>
internal static class PodExplainer
{
    public static IReadOnlyList<Finding> Explain(Snapshot snapshot, V1Pod pod)
    {
        var findings = new List<Finding>();
        var name = pod.Metadata.Name;
        if (pod.Status?.Conditions?.FirstOrDefault(c => c is { Type: "PodScheduled", Status: ConditionStatus.False }) is { } scheduled)
        {
            findings.Add(new($"Pod {name} has no node ({scheduled.Reason}): {scheduled.Message}", Advice.For(scheduled.Reason)));
        }

        findings.AddRange((pod.Status?.InitContainerStatuses ?? []).SelectMany(c => Other(name, c, isInit: true)));
        foreach (var container in pod.Status?.ContainerStatuses ?? [])
        {
            findings.AddRange(container.Name == Keys.Container ? Vm(pod, container) : Other(name, container, isInit: false));
        }

        if (pod.Metadata.DeletionTimestamp is not null)
        {
            findings.Add(new($"Pod {name} is being deleted."));
        }

        findings.AddRange(EventFacts.Warnings(snapshot, pod.Metadata.NamespaceProperty, "Pod", name));
        if (pod.Spec?.NodeName is { } node)
        {
            findings.AddRange(InstallationFacts.Daemon(snapshot, node));
        }

        if (findings.Count == 0 && pod.Status?.Phase == PodPhases.Running && !PodFacts.IsReady(pod))
        {
            findings.Add(new(
                $"Pod {name} runs; its guest has not confirmed its identity yet.",
                $"Where that takes long, read the guest's console: kubectl logs -n {pod.Metadata.NamespaceProperty} {name}."));
        }

        return findings;
    }

    private static IEnumerable<Finding> Vm(V1Pod pod, V1ContainerStatus container)
    {
        var name = pod.Metadata.Name;
        if (container.State?.Waiting is { } waiting && waiting.Reason is not ("ContainerCreating" or "PodInitializing"))
        {
            yield return new($"Pod {name} waits ({waiting.Reason}): {waiting.Message}", Advice.For(waiting.Reason));
        }

        if (container.State?.Terminated is { } ended)
        {
            yield return new(
                $"Pod {name} ended with exit code {ended.ExitCode} ({ended.Reason}): {ended.Message ?? "it left no message"}",
                Advice.For(ended.Reason) ?? $"Read the guest's console: kubectl logs -n {pod.Metadata.NamespaceProperty} {name} -c {Keys.Container}.");
        }
    }

    /// <summary>What a mesh or an agent put into the pod is no VM: its end is told only where it keeps the VM from starting.</summary>
    private static IEnumerable<Finding> Other(string pod, V1ContainerStatus container, bool isInit)
    {
        var what = isInit ? "init container" : "container";
        if (container.State?.Waiting is { } waiting && waiting.Reason is not ("ContainerCreating" or "PodInitializing"))
        {
            yield return new($"The {what} {container.Name} of pod {pod} waits ({waiting.Reason}): {waiting.Message}", Advice.For(waiting.Reason));
        }

        if (isInit && container.State?.Terminated is { ExitCode: not 0 } failed)
        {
            yield return new($"The init container {container.Name} of pod {pod} failed with exit code {failed.ExitCode} ({failed.Reason}): {failed.Message ?? "it left no message"}");
        }
    }
}
