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

        foreach (var container in pod.Status?.ContainerStatuses ?? [])
        {
            if (container.State?.Waiting is { } waiting && waiting.Reason != "ContainerCreating")
            {
                findings.Add(new($"Pod {name} waits ({waiting.Reason}): {waiting.Message}", Advice.For(waiting.Reason)));
            }

            if (container.State?.Terminated is { } ended)
            {
                findings.Add(new(
                    $"Pod {name} ended with exit code {ended.ExitCode} ({ended.Reason}): {ended.Message ?? "it left no message"}",
                    Advice.For(ended.Reason) ?? $"Read the guest's console: kubectl logs -n {pod.Metadata.NamespaceProperty} {name}."));
            }
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
}
