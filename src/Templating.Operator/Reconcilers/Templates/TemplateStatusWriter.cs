using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;

namespace Templating.Operator.Reconcilers.Templates;

/// <summary>Writes a VMTemplate's status, and records an Event for each node where something changed.</summary>
internal sealed class TemplateStatusWriter(StatusApply apply, IEvents events)
{
    public async Task WriteAsync(VMTemplate template, VMTemplateStatus status, CancellationToken cancellationToken)
    {
        await apply.WriteAsync(template, status, cancellationToken);
        foreach (var node in (status.Nodes ?? []).Where(node => node.State is NodeStates.Ready or NodeStates.Failed))
        {
            var known = template.Status?.Nodes?.Find(other => other.Name == node.Name);
            if (known?.State == node.State && known.Revision == node.Revision && known.Reason == node.Reason)
            {
                continue;
            }

            if (node.State == NodeStates.Ready)
            {
                events.Normal(template, Reasons.RevisionReady, $"Revision {node.Revision} is ready on node '{node.Name}'.");
            }
            else
            {
                events.Warning(template, node.Reason!, $"Revision {node.Revision} cannot be built on node '{node.Name}': {node.Message}");
            }
        }

        var before = template.Status?.Conditions?.Find(condition => condition.Type == ConditionTypes.Ready);
        var ready = status.Conditions!.Find(condition => condition.Type == ConditionTypes.Ready)!;
        if (ready.Reason == Reasons.InvalidSpec && before?.Message != ready.Message)
        {
            events.Warning(template, Reasons.InvalidSpec, ready.Message);
        }
    }
}
