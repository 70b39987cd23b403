using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using k8s.Autorest;
using k8s.Models;
using Templating.Contract;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.Operator.Pods;

namespace Templating.Operator.Reconcilers.Orphans;

/// <summary>
/// Sees that a VM pod which the operator made has an owner: it is given its pool or VMClone, or goes when there is none. Nobody
/// else would ever count it, claim it or delete it, and its template could not be deleted.
/// </summary>
internal sealed class OrphanReconciler(
    ICache<V1Pod> pods, PodOwners owners, ClusterApi api, ClusterWriter writer, IEvents events, TimeProvider time, ILogger<OrphanReconciler> logger) : IReconciler
{
    /// <summary>
    /// A pool that is deleted with --cascade=orphan to be applied anew is back by then; the garbage collector, who has pods whose
    /// reference leads nowhere, is done; and a restore has brought the owners, too.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<ObjectKey, (string Uid, TimeSpan Since)> _known = new();

    public string Name => "orphan";

    public async Task<ReconcileResult> ReconcileAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        var pod = pods.Get(key);
        var owner = pod is null ? new PodOwner(OwnerState.Has) : owners.Of(pod);
        if (owner.State != OwnerState.Gone)
        {
            _known.TryRemove(key, out _);
        }

        return owner.State switch
        {
            OwnerState.Adopts => await AdoptAsync(pod!, owner, cancellationToken),
            OwnerState.Refuses => await RemoveAsync(pod!, "its pool has no use for it", cancellationToken),
            OwnerState.Gone => await RemoveLaterAsync(key, pod!, cancellationToken),
            _ => ReconcileResult.Done,
        };
    }

    private async Task<ReconcileResult> AdoptAsync(V1Pod pod, PodOwner owner, CancellationToken cancellationToken)
    {
        V1OwnerReference[] references = [.. pod.Metadata.OwnerReferences ?? [], PodBuilder.Owner(owner.Kind!, owner.Metadata!)];
        try
        {
            await writer.PatchAsync<V1Pod>(
                ObjectKey.Of(pod),
                new JsonObject
                {
                    ["metadata"] = new JsonObject
                    {
                        ["uid"] = pod.Metadata.Uid,
                        ["resourceVersion"] = pod.Metadata.ResourceVersion,
                        ["ownerReferences"] = MergePatch.List(references),
                    },
                },
                cancellationToken);
        }
        catch (HttpOperationException refusal) when (ClusterErrors.KindOf(refusal) is ClusterErrorKind.Conflict or ClusterErrorKind.NotFound)
        {
            // It changed since; the watch will tell how.
            return ReconcileResult.After(Again);
        }

        Log.Adopted(logger, ObjectKey.Of(pod), owner.Kind!, owner.Metadata!.Name);
        events.Normal(Named(pod), Reasons.Adopted, $"It had no owner and is of {owner.Kind} '{owner.Metadata.Name}' now.");
        return ReconcileResult.Done;
    }

    private async Task<ReconcileResult> RemoveLaterAsync(ObjectKey key, V1Pod pod, CancellationToken cancellationToken)
    {
        var now = time.Steady();
        var (_, since) = _known.AddOrUpdate(
            key, _ => (pod.Metadata.Uid, now), (_, known) => known.Uid == pod.Metadata.Uid ? known : (pod.Metadata.Uid, now));
        if (since + Patience - now is var left && left > TimeSpan.Zero)
        {
            return ReconcileResult.After(left);
        }

        // A VM may have done work: that its VMClone is gone, the API server has to say.
        if (pod.Label(Keys.CloneLabel) is { } uid && await IsThereAsync(key.Namespace, uid, cancellationToken))
        {
            return ReconcileResult.After(Patience);
        }

        return await RemoveAsync(
            pod, pod.Label(Keys.CloneLabel) is null ? $"there is no VMPool '{pod.Label(Keys.PoolLabel)}' that it is of" : "its VMClone is gone", cancellationToken);
    }

    private async Task<ReconcileResult> RemoveAsync(V1Pod pod, string why, CancellationToken cancellationToken)
    {
        if (!await writer.DeleteUnchangedAsync(pod, cancellationToken))
        {
            return ReconcileResult.After(Again);
        }

        Log.Removed(logger, ObjectKey.Of(pod), why);
        events.Normal(Named(pod), Reasons.OwnerGone, $"It has no owner and is deleted: {why}.");
        return ReconcileResult.Done;
    }

    private async Task<bool> IsThereAsync(string @namespace, string uid, CancellationToken cancellationToken)
    {
        var there = await api.SendAsync<ItemList<VMClone>>(HttpMethod.Get, ResourceType.Of<VMClone>().Collection(@namespace), null, null, cancellationToken);
        return there.Items.Any(c => c.Metadata.Uid == uid);
    }

    /// <summary>Objects of a list have no kind, and an Event needs it.</summary>
    private static V1Pod Named(V1Pod pod) => new() { ApiVersion = V1Pod.KubeApiVersion, Kind = V1Pod.KubeKind, Metadata = pod.Metadata };
}
