using Templating.Api.Client;
using Templating.Contract;
using Templating.Kubernetes;
using Templating.Operator.Cluster;

namespace Templating.Operator.Reconcilers.Templates;

/// <summary>Has the present revision of a VMTemplate built on its nodes, and tells how far that is.</summary>
internal sealed class TemplateReconciler(
    ICache<VMTemplate> templates, TemplateNodes nodes, Builds builds, Retention retention, TemplateRemoval removal, IClusterWriter writer, IEvents events,
    TimeProvider time) : IReconciler
{
    public string Name => "template";

    public async Task<ReconcileResult> ReconcileAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        if (templates.Get(key) is not { } template)
        {
            builds.CancelAll(key);
            return ReconcileResult.Done;
        }

        if (template.Metadata.DeletionTimestamp is not null)
        {
            return await removal.RunAsync(template, cancellationToken);
        }

        if (TemplateRules.Check(template) is { Count: > 0 } faults)
        {
            builds.CancelAll(key);
            await WriteAsync(template, TemplateStatus.Invalid(template, faults, time.GetUtcNow()), cancellationToken);
            return ReconcileResult.Done;
        }

        // Before the first file is on a node: whatever happens then, somebody takes it away again.
        template = await HoldAsync(template, cancellationToken);
        return await BuildAsync(template, key, cancellationToken);
    }

    private async Task<ReconcileResult> BuildAsync(VMTemplate template, ObjectKey key, CancellationToken cancellationToken)
    {
        var revision = Revisions.Of(template.Spec);
        var result = ReconcileResult.Done;
        var desired = nodes.Desired(template);
        var found = new List<VMTemplateNode>();
        foreach (var name in desired)
        {
            var before = template.Status?.Nodes?.Find(node => node.Name == name);
            var plan = NodePlan.Make(name, nodes.Find(name), key, revision, builds.Find(name, key), before, time.GetUtcNow());
            if (plan.CancelsBuild)
            {
                builds.Cancel(name, key);
            }

            if (plan.Basis is { } basis && nodes.Find(name) is { } node)
            {
                builds.Start(node, key, revision, NodeRequests.Create(template, revision, basis));
            }

            result = plan.LookAgainIn is { } wait ? result.Or(ReconcileResult.After(wait)) : result;
            result = plan.Status.State == "Unreachable" ? result.Or(ReconcileResult.After(TimeSpan.FromMinutes(2))) : result;
            found.Add(plan.Status);
        }

        await WriteAsync(template, TemplateStatus.Of(template, revision, found, time.GetUtcNow()), cancellationToken);
        return result.Or(await TidyAsync(template, key, revision, desired, found, cancellationToken));
    }

    private async Task<ReconcileResult> TidyAsync(
        VMTemplate template, ObjectKey key, string revision, IReadOnlyList<string> desired, List<VMTemplateNode> found, CancellationToken cancellationToken)
    {
        var result = ReconcileResult.Done;
        var limit = template.Spec.RevisionHistoryLimit ?? Defaults.HistoryLimit;
        // Old ones stay until the new one is there: they are what VMs start from meanwhile.
        var tidy = found.Where(node => node.State == "Ready").Select(node => (Node: nodes.Find(node.Name), Keep: revision, Limit: limit))
            .Concat(nodes.Others(key, desired).Select(node => (Node: (Nodes.INode?)node, Keep: "", Limit: 0)));
        foreach (var (node, keep, most) in tidy.ToList())
        {
            if (node is null)
            {
                continue;
            }

            if (keep.Length == 0)
            {
                builds.Cancel(node.Name, key);
            }

            try
            {
                result = result.Or(await retention.ApplyAsync(template, node, keep, most, cancellationToken));
            }
            catch (TemplatingClientException)
            {
                // Its watch tells when it is back; another node must not wait for it.
                result = result.Or(ReconcileResult.After(TimeSpan.FromSeconds(30)));
            }
        }

        return result;
    }

    private async Task<VMTemplate> HoldAsync(VMTemplate template, CancellationToken cancellationToken)
    {
        var finalizers = template.Metadata.Finalizers ?? [];
        return finalizers.Contains(Keys.TemplateFinalizer)
            ? template
            : await writer.PatchAsync<VMTemplate>(
                ObjectKey.Of(template),
                new { metadata = new { resourceVersion = template.Metadata.ResourceVersion, finalizers = finalizers.Append(Keys.TemplateFinalizer).ToArray() } },
                cancellationToken);
    }

    private async Task WriteAsync(VMTemplate template, VMTemplateStatus status, CancellationToken cancellationToken)
    {
        var before = template.Status?.Conditions?.FirstOrDefault(condition => condition.Type == TemplateStatus.Ready);
        await writer.ApplyStatusAsync(template, status, cancellationToken);
        foreach (var node in (status.Nodes ?? []).Where(node => node.State is "Ready" or "Failed"))
        {
            var known = template.Status?.Nodes?.Find(other => other.Name == node.Name);
            if (known?.State == node.State && known.Revision == node.Revision && known.Reason == node.Reason)
            {
                continue;
            }

            if (node.State == "Ready")
            {
                events.Normal(template, Reasons.RevisionReady, $"Revision {node.Revision} is ready on node '{node.Name}'.");
            }
            else
            {
                events.Warning(template, node.Reason!, $"Revision {node.Revision} cannot be built on node '{node.Name}': {node.Message}");
            }
        }

        var ready = status.Conditions!.Find(condition => condition.Type == TemplateStatus.Ready)!;
        if (ready.Reason == Reasons.InvalidSpec && before?.Message != ready.Message)
        {
            events.Warning(template, Reasons.InvalidSpec, ready.Message);
        }
    }
}
