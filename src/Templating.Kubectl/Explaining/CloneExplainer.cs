using k8s.Models;
using Templating.Kubectl.Cluster;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;

namespace Templating.Kubectl.Explaining;

/// <summary>Walks the way a VM takes: accepted, template, pod, node, guest.</summary>
internal static class CloneExplainer
{
    public static Explanation Explain(Snapshot snapshot, VMClone clone)
    {
        var subject = $"VMClone {clone.Metadata.NamespaceProperty}/{clone.Metadata.Name}";
        var conditions = clone.Status?.Conditions;
        if (Conditions.Find(conditions, ConditionTypes.Finished) is { Status: ConditionStatus.True } finished)
        {
            return new(subject, $"finished ({finished.Reason}).", [Of(finished)]);
        }

        if (Conditions.IsTrue(conditions, ConditionTypes.Ready))
        {
            return new(subject, $"ready, {clone.Status!.Start?.ToLowerInvariant() ?? "started"} on node {clone.Status.NodeName}, pod {clone.Status.PodName}.", [.. BesideReady(conditions)]);
        }

        var findings = new List<Finding>();
        if (Conditions.Worst(conditions) is { } worst)
        {
            findings.Add(Of(worst));
        }
        else
        {
            findings.AddRange(InstallationFacts.NotTold(snapshot, VMClone.KubeKind, clone.Metadata, clone.Status?.ObservedGeneration));
        }

        if (Conditions.Find(conditions, ConditionTypes.Accepted) is { Status: ConditionStatus.False, Reason: Reasons.InvalidSpec })
        {
            return new(subject, "refused.", findings);
        }

        var pod = snapshot.Pods.FirstOrDefault(p => Has(clone, p));
        if (pod is null)
        {
            findings.AddRange(WithoutPod(snapshot, clone));
        }
        else
        {
            findings.AddRange(PodExplainer.Explain(snapshot, pod));
        }

        findings.AddRange(EventFacts.Warnings(snapshot, clone.Metadata.NamespaceProperty, VMClone.KubeKind, clone.Metadata.Name));
        return new(subject, "not ready.", findings);
    }

    /// <summary>What is not as its spec says, though its VM is ready.</summary>
    private static IEnumerable<Finding> BesideReady(List<V1Condition>? conditions) =>
        (conditions ?? []).Where(c => (c.Type is ConditionTypes.Accepted or ConditionTypes.Reconciled && c.Status != ConditionStatus.True) || c.Reason == Reasons.ChangesPending).Select(Of);

    private static bool Has(VMClone clone, V1Pod pod) =>
        pod.Metadata.NamespaceProperty == clone.Metadata.NamespaceProperty
        && (pod.Metadata.Name == clone.Status?.PodName
            || (pod.Metadata.Labels?.TryGetValue(Keys.CloneLabel, out var uid) == true && uid == clone.Metadata.Uid));

    private static IEnumerable<Finding> WithoutPod(Snapshot snapshot, VMClone clone)
    {
        var template = clone.Spec.Template;
        if (clone.Spec.Pool is { } poolName)
        {
            var pool = snapshot.Pools.FirstOrDefault(p => p.Metadata.NamespaceProperty == clone.Metadata.NamespaceProperty && p.Metadata.Name == poolName);
            if (pool is null)
            {
                yield return new($"There is no VMPool '{poolName}' in its namespace.", Advice.For(Reasons.PoolNotFound));
                yield break;
            }

            template = pool.Spec.Template;
        }

        var found = snapshot.Templates.FirstOrDefault(t => t.Metadata.NamespaceProperty == clone.Metadata.NamespaceProperty && t.Metadata.Name == template);
        if (found is null)
        {
            yield return new($"There is no VMTemplate '{template}' in its namespace.", Advice.For(Reasons.TemplateNotFound));
            yield break;
        }

        foreach (var finding in TemplateExplainer.Explain(snapshot, found).Findings)
        {
            yield return finding with { Text = $"VMTemplate {template}: {finding.Text}" };
        }
    }

    private static Finding Of(V1Condition condition) =>
        new($"{condition.Type} is {condition.Status}, {condition.Reason}: {condition.Message}", Advice.For(condition.Reason));
}
