using k8s.Models;
using Templating.Kubernetes;
using Templating.Operator.Cluster;

namespace Templating.Operator.Reconcilers.NodeLabels;

/// <summary>A node's labels that cannot be written keep VM pods away, or send them there: the node's Events say so, as its status is not ours.</summary>
internal sealed class ToldNodeLabels(IReconciler labels, ICache<V1Node> nodes, Refusals refusals) : IReconciler
{
    private const string Labels = "labels";

    public string Name => labels.Name;

    public async Task<ReconcileResult> ReconcileAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        try
        {
            var left = await labels.ReconcileAsync(key, cancellationToken);
            if (nodes.Get(key) is { } node)
            {
                refusals.Forget(node.Metadata.Uid, Labels);
            }

            return left;
        }
        catch (Exception error) when (!ClusterErrors.IsStale(error) && Refusal.Of(error) is { } refusal)
        {
            if (nodes.Get(key) is { } node)
            {
                // What a list has in it does not say its own kind.
                var about = new V1Node { ApiVersion = V1Node.KubeApiVersion, Kind = V1Node.KubeKind, Metadata = node.Metadata };
                refusals.Event(about, Labels, Reasons.LabelsNotWritten, $"The revisions that are ready on it could not be written into its labels. {refusal.Message}");
            }

            throw;
        }
    }
}
