using System.Text.Json.Nodes;
using k8s.Models;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.Operator.Nodes;
using Templating.Operator.Pods;
using Templating.Operator.Reconcilers.Templates;

namespace Templating.Operator.Reconcilers.NodeLabels;

/// <summary>
/// Writes on a node which revision of which template VM pods get there, so that the scheduler knows; one patch for all that
/// changed. The labels follow the node's daemon: while it is away for longer than a restart takes, they are annotations, and no
/// VM pod is put there. A label or annotation whose VMTemplate is gone tells of files that were left there, while the node was
/// away: they go now.
/// </summary>
internal sealed class NodeLabelReconciler(
    ICache<V1Node> nodes, ICache<VMTemplate> templates, INodeDirectory directory, DaemonHealth daemons, Retention retention, ClusterWriter writer,
    ILogger<NodeLabelReconciler> logger) : IReconciler
{
    /// <summary>Nobody tells that the kubelet takes a daemon for ready no more which this process does not reach.</summary>
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(30);

    public string Name => "node";

    public async Task<ReconcileResult> ReconcileAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        if (nodes.Get(key) is not { } node)
        {
            return ReconcileResult.Done;
        }

        var marks = new NodeMarks(node);
        var away = daemons.Of(key.Name);
        if (away.IsLost)
        {
            await WithdrawAsync(key, marks, away.Message, cancellationToken);
            return ReconcileResult.Done;
        }

        var later = away.LostIn is { } left ? ReconcileResult.After(left) : ReconcileResult.Done;
        return directory.Find(key.Name) is not { Synced: true } daemon
            // What it has is not known.
            ? marks.Labels.Count == 0 ? ReconcileResult.Done : later.Or(ReconcileResult.After(Again))
            : later.Or(await FollowAsync(key, marks, daemon, cancellationToken));
    }

    private async Task WithdrawAsync(ObjectKey key, NodeMarks marks, string why, CancellationToken cancellationToken)
    {
        if (marks.Labels.Count == 0)
        {
            return;
        }

        Log.Withdrawn(logger, key.Name, marks.Labels.Count, why);
        var labels = marks.Labels.Keys.ToDictionary(label => label, _ => (string?)null, StringComparer.Ordinal);
        await writer.PatchAsync<V1Node>(key, Patch(labels, marks.Labels!), cancellationToken);
    }

    private async Task<ReconcileResult> FollowAsync(ObjectKey key, NodeMarks marks, INode daemon, CancellationToken cancellationToken)
    {
        var wanted = Wanted(daemon);
        var labels = wanted.Where(label => !marks.Labels.TryGetValue(label.Key, out var value) || value != label.Value)
            .ToDictionary(label => label.Key, label => (string?)label.Value, StringComparer.Ordinal);
        var annotations = new Dictionary<string, string?>(StringComparer.Ordinal);
        var result = ReconcileResult.Done;
        foreach (var mark in marks.Labels.Keys.Union(marks.Withdrawn.Keys, StringComparer.Ordinal))
        {
            if (wanted.ContainsKey(mark) || await SweepAsync(daemon, NodeMarks.OwnerOf(mark)!.Value, cancellationToken))
            {
                Drop(mark, marks, wanted, labels, annotations);
            }
            else
            {
                result = ReconcileResult.After(TimeSpan.FromMinutes(1));
            }
        }

        if (labels.Count + annotations.Count > 0)
        {
            await writer.PatchAsync<V1Node>(key, Patch(labels, annotations), cancellationToken);
        }

        return result;
    }

    private static JsonObject Patch(IReadOnlyDictionary<string, string?> labels, IReadOnlyDictionary<string, string?> annotations) => new()
    {
        ["metadata"] = new JsonObject { ["labels"] = MergePatch.Map(labels), ["annotations"] = MergePatch.Map(annotations) },
    };

    private static void Drop(
        string mark, NodeMarks marks, Dictionary<string, string> wanted, Dictionary<string, string?> labels, Dictionary<string, string?> annotations)
    {
        if (marks.Withdrawn.ContainsKey(mark))
        {
            annotations[mark] = null;
        }

        if (marks.Labels.ContainsKey(mark) && !wanted.ContainsKey(mark))
        {
            labels[mark] = null;
        }
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
