using System.Text.Json.Nodes;
using k8s.Autorest;
using k8s.Models;
using Templating.Operator.Cluster;

namespace Templating.Operator.Reconcilers.Clones.Work;

/// <summary>
/// Ends what is left of the pod of a VM that ended: others' containers, which would run, and be charged, for ever. By a deadline
/// of the pod, so that it stays for its log as that of any VM does; the kubelet then ends them in order.
/// </summary>
internal sealed class PodRest(ClusterWriter writer)
{
    /// <summary>The least that the API takes, and over since long.</summary>
    private const long Now = 1;

    public async Task EndAsync(V1Pod pod, CancellationToken cancellationToken)
    {
        if (!pod.VmHasEnded())
        {
            await DeleteAsync(pod, cancellationToken);
            return;
        }

        if (pod.Spec?.ActiveDeadlineSeconds is <= Now)
        {
            // Told already; the containers have their grace.
            return;
        }

        try
        {
            await writer.PatchAsync<V1Pod>(
                ObjectKey.Of(pod),
                new JsonObject
                {
                    ["metadata"] = new JsonObject { ["uid"] = pod.Metadata.Uid },
                    ["spec"] = new JsonObject { ["activeDeadlineSeconds"] = Now },
                },
                cancellationToken);
        }
        catch (HttpOperationException refusal) when (ClusterErrors.KindOf(refusal) is ClusterErrorKind.Forbidden or ClusterErrorKind.Invalid)
        {
            // An admission policy: then without its log.
            await DeleteAsync(pod, cancellationToken);
        }
        catch (HttpOperationException refusal) when (ClusterErrors.KindOf(refusal) is ClusterErrorKind.NotFound or ClusterErrorKind.Conflict)
        {
            // Gone, or another one has its name now.
        }
    }

    private Task DeleteAsync(V1Pod pod, CancellationToken cancellationToken) =>
        writer.DeleteAsync<V1Pod>(ObjectKey.Of(pod), pod.Metadata.Uid, null, cancellationToken);
}
