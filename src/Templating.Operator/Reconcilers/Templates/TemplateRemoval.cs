using k8s.Models;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.Operator.Nodes;

namespace Templating.Operator.Reconcilers.Templates;

/// <summary>
/// A VMTemplate that is deleted: when nobody uses it any more its files go from the nodes, then its finalizer. A node that is
/// gone, or has been unreachable for a while, holds up nothing; see <see cref="Skips"/>.
/// </summary>
internal sealed class TemplateRemoval(
    TemplateUsers users, ICache<V1Node> nodes, INodeDirectory directory, Builds builds, Retention retention, IClusterWriter writer, IEvents events,
    TimeProvider time, ILogger<TemplateRemoval> logger)
{
    private const int NamedUsers = 5;

    private static readonly TimeSpan LookAgainIn = TimeSpan.FromSeconds(10);

    /// <summary>A node that is not ready for so long is taken for gone.</summary>
    private static readonly TimeSpan NotReadyFor = TimeSpan.FromSeconds(60);

    /// <summary>A daemon that does not answer for so long, on a node that is well, holds up nobody either.</summary>
    private static readonly TimeSpan UnreachableFor = TimeSpan.FromMinutes(5);

    public async Task<ReconcileResult> RunAsync(VMTemplate template, CancellationToken cancellationToken)
    {
        if (template.Metadata.Finalizers?.Contains(Keys.TemplateFinalizer) != true)
        {
            return ReconcileResult.Done;
        }

        var key = ObjectKey.Of(template);
        if (users.Of(key) is { Count: > 0 } inUse)
        {
            var more = inUse.Count > NamedUsers ? $" and {inUse.Count - NamedUsers} more" : "";
            await TellAsync(template, Reasons.InUse, $"It is used by {string.Join(", ", inUse.Take(NamedUsers))}{more}.", cancellationToken);
            // Their end wakes us; this is for what does not.
            return ReconcileResult.After(TimeSpan.FromMinutes(1));
        }

        if (builds.CancelAll(key))
        {
            await TellAsync(template, Reasons.Deleting, "A build is being cancelled.", cancellationToken);
            return ReconcileResult.After(LookAgainIn);
        }

        var waits = new List<string>();
        foreach (var node in directory.All.Where(node => node.Synced))
        {
            foreach (var revision in NodeFiles.Of(node, key).Keys)
            {
                if (!await retention.TryDeleteAsync(node, key, revision, cancellationToken))
                {
                    waits.Add($"a VM on node '{node.Name}' uses revision {revision}");
                }
            }
        }

        waits.AddRange((template.Status?.Nodes ?? []).Where(Blocks).Select(node => $"node '{node.Name}' cannot be reached"));
        bool Blocks(VMTemplateNode known)
        {
            if (directory.Find(known.Name) is { Synced: true } || Skips(template, known.Name) is not { } why)
            {
                return directory.Find(known.Name) is not { Synced: true };
            }

            Log.NodeSkipped(logger, key, known.Name, why);
            events.Warning(template, Reasons.NodeSkipped, $"Files on node '{known.Name}' were not removed: {why}");
            return false;
        }

        if (waits.Count > 0)
        {
            await TellAsync(template, Reasons.Deleting, $"Its files are not gone: {string.Join("; ", waits)}.", cancellationToken);
            return ReconcileResult.After(LookAgainIn);
        }

        await writer.PatchAsync<VMTemplate>(
            key,
            new
            {
                metadata = new
                {
                    resourceVersion = template.Metadata.ResourceVersion,
                    finalizers = template.Metadata.Finalizers.Where(finalizer => finalizer != Keys.TemplateFinalizer).ToArray(),
                },
            },
            cancellationToken);
        return ReconcileResult.Done;
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

    private Task<VMTemplate> TellAsync(VMTemplate template, string reason, string message, CancellationToken cancellationToken) =>
        writer.ApplyStatusAsync(template, TemplateStatus.Deleting(template, reason, message, time.GetUtcNow()), cancellationToken);
}
