using k8s.Models;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.Operator.Nodes;
using Templating.Operator.Reconcilers.Templates;

namespace Templating.Operator.Reconcilers.NodeLabels;

/// <summary>
/// Writes on a node which revision of which template VM pods get there, so that the scheduler knows; one patch for all that
/// changed. A label whose VMTemplate is gone tells of files that were left there, while the node was away: they go now.
/// </summary>
internal sealed class NodeLabelReconciler(
    ICache<V1Node> nodes, ICache<VMTemplate> templates, INodeDirectory directory, Retention retention, ClusterWriter writer) : IReconciler
{
    private static readonly string Suffix = Keys.NodeLabel("", "")[1..];

    public string Name => "node";

    public async Task<ReconcileResult> ReconcileAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        if (nodes.Get(key) is not { } node || directory.Find(key.Name) is not { Synced: true } daemon)
        {
            // What it has is not known. Its labels are no lie yet: a node that is gone gets no pods.
            return ReconcileResult.Done;
        }

        var wanted = Wanted(daemon);
        var present = (node.Metadata.Labels ?? new Dictionary<string, string>(StringComparer.Ordinal)).Where(label => OwnerOf(label.Key) is not null).ToDictionary(StringComparer.Ordinal);
        var patch = wanted.Where(label => !present.TryGetValue(label.Key, out var value) || value != label.Value)
            .ToDictionary(label => label.Key, label => (string?)label.Value, StringComparer.Ordinal);
        var result = ReconcileResult.Done;
        foreach (var label in present.Keys.Where(label => !wanted.ContainsKey(label)))
        {
            if (await SweepAsync(daemon, OwnerOf(label)!.Value, cancellationToken))
            {
                patch[label] = null;
            }
            else
            {
                result = ReconcileResult.After(TimeSpan.FromMinutes(1));
            }
        }

        if (patch.Count > 0)
        {
            await writer.PatchAsync<V1Node>(key, new { metadata = new { labels = patch } }, cancellationToken);
        }

        return result;
    }

    /// <summary>The VMTemplate a label is about; null for a label that is not ours.</summary>
    internal static ObjectKey? OwnerOf(string label)
    {
        if (!label.EndsWith(Suffix, StringComparison.Ordinal) || label[..^Suffix.Length].Split('.') is not [{ Length: > 0 } name, { Length: > 0 } @namespace])
        {
            return null;
        }

        return new ObjectKey(@namespace, name);
    }

    private Dictionary<string, string> Wanted(INode daemon)
    {
        var wanted = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var owner in daemon.Templates.Select(NodeFiles.OwnerOf).OfType<ObjectKey>().Distinct())
        {
            if (templates.Get(owner) is { Metadata.DeletionTimestamp: null } template
                && NodeFiles.UsableRevision(daemon, owner, Revisions.Of(template.Spec)) is { } revision)
            {
                wanted[Keys.NodeLabel(owner.Namespace, owner.Name)] = revision;
            }
        }

        return wanted;
    }

    /// <returns>Whether nothing is left of a VMTemplate that is gone; true for one that is not.</returns>
    private async Task<bool> SweepAsync(INode daemon, ObjectKey template, CancellationToken cancellationToken)
    {
        if (templates.Get(template) is not null)
        {
            return true;
        }

        var isGone = true;
        foreach (var revision in NodeFiles.Of(daemon, template).Keys)
        {
            isGone &= await retention.TryDeleteAsync(daemon, template, revision, cancellationToken);
        }

        return isGone;
    }
}
