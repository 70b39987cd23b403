using Grpc.Core;
using Templating.Api.Client;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.Operator.Nodes;
using Templating.V1;

namespace Templating.Operator.Reconcilers.Templates;

/// <summary>Takes revisions from a node that nobody needs there any more.</summary>
internal sealed class Retention(TemplateUsers users, IEvents events, ILogger<Retention> logger)
{
    private static readonly TimeSpan UsedAgainIn = TimeSpan.FromMinutes(1);

    /// <param name="keep">Revisions that stay in any case.</param>
    /// <param name="limit">How many more, the newest first.</param>
    public async Task<ReconcileResult> ApplyAsync(
        VMTemplate template, INode node, string? keep, int limit, CancellationToken cancellationToken)
    {
        var key = ObjectKey.Of(template);
        var spare = NodeFiles.Of(node, key).Where(file => file.Key != keep)
            // Those that can no longer be cloned are of no use to anybody.
            .OrderBy(file => file.Value.State == TemplateState.Ready ? 0 : 1).ThenByDescending(file => file.Value.CreateTime).Skip(limit).ToList();
        var result = ReconcileResult.Done;
        if (spare.Count == 0)
        {
            return result;
        }

        var wanted = users.Revisions(key);
        foreach (var (revision, _) in spare)
        {
            if (wanted.Contains(revision) || NodeFiles.IsUsed(node, key, revision) || !await TryDeleteAsync(node, key, revision, cancellationToken))
            {
                result = result.Or(ReconcileResult.After(UsedAgainIn));
                continue;
            }

            Log.Removed(logger, key, revision, node.Name);
            events.Normal(template, Reasons.RevisionRemoved, $"Revision {revision} was removed from node '{node.Name}'.");
        }

        return result;
    }

    /// <returns>False while something on the node uses it.</returns>
    public async Task<bool> TryDeleteAsync(INode node, ObjectKey template, string revision, CancellationToken cancellationToken)
    {
        try
        {
            await node.DeleteTemplateAsync(NodeRequests.Delete(template, revision), cancellationToken);
            return true;
        }
        catch (TemplatingClientException e) when (e.Code == StatusCode.NotFound)
        {
            return true;
        }
        catch (TemplatingClientException e) when (e.Code is StatusCode.FailedPrecondition or StatusCode.Aborted)
        {
            Log.NotRemoved(logger, template, revision, node.Name, e.Message);
            return false;
        }
    }
}
