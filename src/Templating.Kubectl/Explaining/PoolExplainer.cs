using System.Globalization;
using k8s.Models;
using Templating.Kubectl.Cluster;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;

namespace Templating.Kubectl.Explaining;

internal static class PoolExplainer
{
    // One pod's trouble is mostly everyone's.
    private const int MaxPods = 3;

    public static Explanation Explain(Snapshot snapshot, VMPool pool)
    {
        var subject = $"VMPool {pool.Metadata.NamespaceProperty}/{pool.Metadata.Name}";
        var wanted = pool.Spec.Replicas ?? 1;
        var waiting = pool.Status?.ReadyReplicas ?? 0;
        var count = string.Create(CultureInfo.InvariantCulture, $"{waiting} of {wanted} VMs wait");
        var refused = Conditions.Find(pool.Status?.Conditions, ConditionTypes.Reconciled);
        if (pool.Status is not null && waiting >= wanted)
        {
            return new(subject, count + ".", refused is null ? [] : [Of(refused)]);
        }

        var findings = new List<Finding>();
        if (Conditions.Worst(pool.Status?.Conditions) is { } worst)
        {
            findings.Add(Of(worst));
        }
        else
        {
            findings.AddRange(InstallationFacts.NotTold(snapshot, VMPool.KubeKind, pool.Metadata, pool.Status?.ObservedGeneration));
        }

        var template = snapshot.Templates.FirstOrDefault(t =>
            t.Metadata.NamespaceProperty == pool.Metadata.NamespaceProperty && t.Metadata.Name == pool.Spec.Template);
        if (template is null)
        {
            findings.Add(new($"There is no VMTemplate '{pool.Spec.Template}' in its namespace.", Advice.For(Reasons.TemplateNotFound)));
        }
        else
        {
            findings.AddRange(TemplateExplainer.Explain(snapshot, template).Findings.Select(f => f with { Text = $"VMTemplate {pool.Spec.Template}: {f.Text}" }));
        }

        var pods = snapshot.Pods.Where(p =>
            p.Metadata.NamespaceProperty == pool.Metadata.NamespaceProperty
            && p.Metadata.Labels?.TryGetValue(Keys.PoolLabel, out var name) == true && name == pool.Metadata.Name
            && p.Metadata.Labels?.ContainsKey(Keys.CloneLabel) != true);
        findings.AddRange(pods.SelectMany(p => PodExplainer.Explain(snapshot, p).Take(1)).Take(MaxPods));
        findings.AddRange(EventFacts.Warnings(snapshot, pool.Metadata.NamespaceProperty, VMPool.KubeKind, pool.Metadata.Name));
        return new(subject, count + ".", findings);
    }

    private static Finding Of(V1Condition condition) =>
        new($"{condition.Type} is {condition.Status}, {condition.Reason}: {condition.Message}", Advice.For(condition.Reason));
}
