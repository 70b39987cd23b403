using Templating.Api.Client;
using Templating.Contract;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.Operator.Nodes;

namespace Templating.Operator.Reconcilers.Templates;

/// <summary>Has the present revision of a VMTemplate built on its nodes, takes old ones away, and tells how far that is.</summary>
internal sealed class TemplateRollout(TemplateNodes nodes, Builds builds, Retention retention, TemplateStatusWriter status, TimeProvider time)
{
    public async Task<ReconcileResult> RunAsync(VMTemplate template, CancellationToken cancellationToken)
    {
        var key = ObjectKey.Of(template);
        var revision = Revisions.Of(template.Spec);
        var result = ReconcileResult.Done;
        var desired = nodes.Desired(template);
        var found = new List<VMTemplateNode>();
        foreach (var name in desired)
        {
            var before = template.Status?.Nodes?.Find(node => node.Name == name);
            var plan = NodePlan.Make(name, nodes.Find(name), key, revision, builds.Find(name, key), before, time.Steady());
            if (plan.Status.State == NodeStates.Ready && nodes.Withheld(name) is { } why)
            {
                (plan.Status.State, plan.Status.Reason, plan.Status.Message) = (NodeStates.Unreachable, Reasons.NodeUnreachable, why);
            }

            if (plan.CancelsBuild)
            {
                builds.Cancel(name, key);
            }

            if (plan.Basis is { } basis && nodes.Find(name) is { } node)
            {
                builds.Start(node, key, revision, NodeRequests.Create(template, revision, basis));
            }

            result = plan.LookAgainIn is { } wait ? result.Or(ReconcileResult.After(wait)) : result;
            result = plan.Status.State == NodeStates.Unreachable ? result.Or(ReconcileResult.After(nodes.LookAgainIn(name))) : result;
            found.Add(plan.Status);
        }

        await status.WriteAsync(template, TemplateStatus.Of(template, revision, found, time.GetUtcNow()), cancellationToken);
        return result.Or(await TidyAsync(template, key, revision, desired, found, cancellationToken));
    }

    private async Task<ReconcileResult> TidyAsync(
        VMTemplate template, ObjectKey key, string revision, IReadOnlyList<string> desired, List<VMTemplateNode> found, CancellationToken cancellationToken)
    {
        var result = ReconcileResult.Done;
        var limit = template.Spec.RevisionHistoryLimit ?? 2;
        // Old ones stay until the new one is there: they are what VMs start from meanwhile.
        var tidy = found.Where(node => node.State == NodeStates.Ready).Select(node => (Node: nodes.Find(node.Name), Keep: revision, Limit: limit))
            .Concat(nodes.Others(key, desired).Select(node => (Node: (INode?)node, Keep: "", Limit: 0)));
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
}
