using Templating.Kubectl.Cluster;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;

namespace Templating.Kubectl.Explaining;

internal static class TemplateExplainer
{
    public static Explanation Explain(Snapshot snapshot, VMTemplate template)
    {
        var subject = $"VMTemplate {template.Metadata.NamespaceProperty}/{template.Metadata.Name}";
        var status = template.Status;
        var findings = new List<Finding>();
        var ready = Conditions.IsTrue(status?.Conditions, ConditionTypes.Ready);
        if (Conditions.Worst(status?.Conditions) is { } worst)
        {
            if (worst.Status != ConditionStatus.True)
            {
                findings.Add(new($"{worst.Type} is {worst.Status}, {worst.Reason}: {worst.Message}", Advice.For(worst.Reason)));
            }
        }
        else
        {
            findings.AddRange(InstallationFacts.NotTold(snapshot, VMTemplate.KubeKind, template.Metadata, template.Status?.ObservedGeneration));
        }

        foreach (var node in status?.Nodes?.Where(n => n.State != NodeStates.Ready) ?? [])
        {
            findings.Add(new(
                $"Node {node.Name} is {node.State}{(node.Reason is { } reason ? $", {reason}" : "")}: {node.Message ?? "no more is known"}",
                Advice.For(node.Reason)));
            findings.AddRange(InstallationFacts.Daemon(snapshot, node.Name));
        }

        // A template that is ready somewhere can be cloned: what other nodes lack is told beside it.
        findings.AddRange(ready ? [] : EventFacts.Warnings(snapshot, template.Metadata.NamespaceProperty, VMTemplate.KubeKind, template.Metadata.Name));
        var summary = status?.Summary is { Length: > 0 } nodes ? $" on {nodes} nodes" : "";
        return new(subject, $"{(ready ? "ready" : "not ready")}{summary}.", findings);
    }
}
