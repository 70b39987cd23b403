using k8s.Models;
using Templating.Api.Client;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.Operator.Nodes;

namespace Templating.Operator.Reconcilers.Templates;

/// <summary>
/// Takes all files of a VMTemplate from the nodes. A node that is gone, or has been unreachable for a while, holds up nothing;
/// see <see cref="Skips"/>.
/// </summary>
internal sealed class FilesRemoval(
    ICache<V1Node> nodes, INodeDirectory directory, Retention retention, IEvents events, TimeProvider time, ILogger<FilesRemoval> logger)
{
    /// <summary>A node that is not ready for so long is taken for gone.</summary>
    private static readonly TimeSpan NotReadyFor = TimeSpan.FromSeconds(60);

    /// <summary>A daemon that does not answer for so long, on a node that is well, holds up nobody either.</summary>
    private static readonly TimeSpan UnreachableFor = TimeSpan.FromMinutes(5);

    /// <returns>What is waited for; none where all is gone.</returns>
    public async Task<IReadOnlyList<string>> RunAsync(VMTemplate template, CancellationToken cancellationToken)
    {
        var key = ObjectKey.Of(template);
        var waits = new List<string>();
        foreach (var node in directory.All.Where(node => node.Synced))
        {
            foreach (var revision in NodeFiles.Of(node, key).Keys)
            {
                try
                {
                    if (!await retention.TryDeleteAsync(node, key, revision, cancellationToken))
                    {
                        waits.Add($"a VM on node '{node.Name}' uses revision {revision}");
                    }
                }
                catch (TemplatingClientException refusal)
                {
                    // The files of other nodes do not wait for this one.
                    waits.Add($"node '{node.Name}' did not remove revision {revision}: {refusal.Message}");
                }
            }
        }

        waits.AddRange((template.Status?.Nodes ?? []).Where(node => Blocks(template, node.Name)).Select(node => $"node '{node.Name}' cannot be reached"));
        return waits;
    }

    private bool Blocks(VMTemplate template, string node)
    {
        if (directory.Find(node) is { Synced: true })
        {
            return false;
        }

        if (Skips(template, node) is not { } why)
        {
            return true;
        }

        Log.NodeSkipped(logger, ObjectKey.Of(template), node, why);
        events.Warning(template, Reasons.NodeSkipped, $"Files on node '{node}' were not removed: {why}");
        return false;
    }

    /// <returns>Why a node that cannot be reached is not waited for; null where it is.</returns>
    private string? Skips(VMTemplate template, string name)
    {
        var now = time.GetUtcNow().UtcDateTime;
        if (nodes.Get(new ObjectKey("", name)) is not { } node)
        {
            return "the node does not exist any more.";
        }

        if (directory.Find(name) is null)
        {
            return "no daemon runs there.";
        }

        var ready = node.Status?.Conditions?.FirstOrDefault(condition => condition.Type == ConditionTypes.Ready);
        if (ready is { Status: not ConditionStatus.True, LastTransitionTime: { } since } && now - since.ToUniversalTime() > NotReadyFor)
        {
            return $"the node is not ready: {ready.Message}";
        }

        return template.Metadata.DeletionTimestamp is { } deleted && now - deleted.ToUniversalTime() > UnreachableFor
            ? $"its daemon did not answer for {UnreachableFor.TotalMinutes} minutes."
            : null;
    }
}
