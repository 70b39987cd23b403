using System.Security.Cryptography;
using k8s.Autorest;
using k8s.Models;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.Operator.Nodes;
using Templating.Operator.Pods;
using Templating.V1;

namespace Templating.Operator.Reconcilers.Clones.Steps;

/// <summary>
/// Takes a VM that waits in the pool, by one patch that names the pod's resourceVersion: whoever is first has it, the others
/// are refused and look at the next.
/// </summary>
internal sealed class TakeFromPool(
    ICache<V1Pod> pods,
    ICache<VMPool> pools,
    INodeDirectory nodes,
    NodeHealth health,
    PodReservations reservations,
    IClusterWriter writer,
    CloneClock clock,
    TimeProvider time) : ICloneStep
{
    private const int Attempts = 4;

    private static readonly TimeSpan WatchDelay = TimeSpan.FromMilliseconds(50);

    public async Task<StepResult> RunAsync(CloneWork work, CancellationToken cancellationToken)
    {
        if (work.Pod is not null || work.Clone.Spec.Pool is not { } name || pools.Get(new ObjectKey(work.Key.Namespace, name)) is not { } pool)
        {
            return StepResult.Next;
        }

        foreach (var candidate in Candidates(pool))
        {
            if (!reservations.TryTake(candidate.Metadata.Uid))
            {
                continue;
            }

            try
            {
                if (await TryClaimAsync(work, candidate, cancellationToken) is { } claimed)
                {
                    work.Pod = claimed;
                    work.Vm = nodes.Find(claimed.Spec.NodeName)?.FindPod(claimed.Metadata.Uid);
                    clock.Mark(work.Key, StartPhases.Claimed);
                    return StepResult.Next;
                }
            }
            finally
            {
                reservations.Release(candidate.Metadata.Uid);
            }
        }

        return StepResult.Next;
    }

    /// <returns>Null when somebody else has it, or it is gone.</returns>
    private async Task<V1Pod?> TryClaimAsync(CloneWork work, V1Pod candidate, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            // Between the look and the reservation somebody may have had it.
            if (pods.Get(ObjectKey.Of(candidate)) is not { } now || now.Metadata.Uid != candidate.Metadata.Uid || !IsWaiting(now))
            {
                return null;
            }

            try
            {
                return await ClaimAsync(work, now, cancellationToken);
            }
            catch (HttpOperationException refusal) when (ClusterErrors.KindOf(refusal) is ClusterErrorKind.NotFound)
            {
                return null;
            }
            catch (HttpOperationException refusal) when (ClusterErrors.KindOf(refusal) is ClusterErrorKind.Conflict)
            {
                // Another operator or a user was first, or just the kubelet, which tells of a young pod again and again: the
                // watch will say which.
                await Task.Delay(WatchDelay, time, cancellationToken);
            }
        }

        return null;
    }

    /// <summary>Those of the pool's revision first; among equals by chance, so that two who look at once try different ones.</summary>
    private List<V1Pod> Candidates(VMPool pool)
    {
        var waiting = pods.Find(Indexes.Pool, ObjectKey.Of(pool).ToString())
            .Where(p => p.Controller()?.Uid == pool.Metadata.Uid && p.Label(Keys.TemplateLabel) == pool.Spec.Template && IsWaiting(p))
            .ToArray();
        RandomNumberGenerator.Shuffle(waiting.AsSpan());
        return [.. waiting.OrderByDescending(p => p.Label(Keys.RevisionLabel) == pool.Status?.Revision)];
    }

    /// <summary>In its node's eyes, which sees it up to a second before the kubelet has told that its container runs.</summary>
    private bool IsWaiting(V1Pod pod) => pod.Label(Keys.CloneLabel) is null && !pod.IsDeleting() && !pod.IsEnded()
        && pod.Spec?.NodeName is { } name && health.Of(name).LostIn is null
        && nodes.Find(name) is { Synced: true } node && node.FindPod(pod.Metadata.Uid)?.State == PodState.Waiting;

    private Task<V1Pod> ClaimAsync(CloneWork work, V1Pod pod, CancellationToken cancellationToken)
    {
        var labels = new Dictionary<string, string>(work.Clone.Spec.Pod?.Labels ?? [], StringComparer.Ordinal) { [Keys.CloneLabel] = work.Uid };
        var annotations = new Dictionary<string, string>(work.Clone.Spec.Pod?.Annotations ?? [], StringComparer.Ordinal)
        {
            [Keys.RestartAnnotation] = work.Restarts.ToString(System.Globalization.CultureInfo.InvariantCulture),
        };
        return writer.PatchAsync<V1Pod>(
            ObjectKey.Of(pod),
            new
            {
                metadata = new
                {
                    uid = pod.Metadata.Uid,
                    resourceVersion = pod.Metadata.ResourceVersion,
                    labels,
                    annotations,
                    ownerReferences = new[] { PodBuilder.Owner(VMClone.KubeKind, work.Clone.Metadata) },
                },
            },
            cancellationToken);
    }
}
