using System.Text.Json.Nodes;
using k8s.Autorest;
using k8s.Models;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.Operator.Pods;
using Templating.Operator.Reconcilers.Clones.Work;
using Templating.Operator.Telemetry;

namespace Templating.Operator.Reconcilers.Clones.Steps;

/// <summary>
/// Takes a VM that waits in the pool, by one patch that names the pod's resourceVersion: whoever is first has it, the others
/// are refused and look at the next.
/// </summary>
internal sealed class TakeFromPool(
    ICache<VMPool> pools, WaitingVms waiting, PodReservations reservations, ClusterWriter writer, Refusals refusals, CloneClock clock,
    PoolMetrics metrics, PoolRest rest, TimeProvider time) : ICloneStep
{
    private const int Attempts = 4;

    /// <summary>A rule that refuses so many VMs in a row is taken to refuse all.</summary>
    private const int MaxRefusals = 3;

    private static readonly TimeSpan WatchDelay = TimeSpan.FromMilliseconds(50);

    public async Task<StepResult> RunAsync(CloneWork work, CancellationToken cancellationToken)
    {
        if (work.Pod is not null || work.Clone.Spec.Pool is not { } name || pools.Get(new ObjectKey(work.Key.Namespace, name)) is not { } pool)
        {
            return StepResult.Next;
        }

        var refused = 0;
        foreach (var candidate in waiting.Of(pool).TakeWhile(_ => refused < MaxRefusals))
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
                    work.Vm = waiting.VmOf(claimed);
                    clock.Mark(work.Key, StartPhases.Claimed);
                    metrics.Claimed(ObjectKey.Of(pool), found: true);
                    rest.Begin(ObjectKey.Of(pool));
                    work.ClaimRefusal = null;
                    return StepResult.Next;
                }
            }
            catch (HttpOperationException refusal) when (ClusterErrors.IsAboutThisCall(refusal))
            {
                // An admission rule, say. Another VM may pass it, and a new pod is made as this VMClone's from the beginning.
                refused++;
                work.ClaimRefusal = ClusterErrors.MessageOf(refusal);
            }
            finally
            {
                reservations.Release(candidate.Metadata.Uid);
            }
        }

        if (work.ClaimRefusal is { } words)
        {
            refusals.Event(work.Clone, Reasons.ClaimRefused, Reasons.ClaimRefused, $"No waiting VM of pool '{name}' could be taken; a new one is made. {words}");
        }

        return StepResult.Next;
    }

    /// <returns>Null when somebody else has it, or it is gone.</returns>
    private async Task<V1Pod?> TryClaimAsync(CloneWork work, V1Pod candidate, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            // Between the look and the reservation somebody may have had it.
            if (waiting.Look(candidate) is not { } now)
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

    private Task<V1Pod> ClaimAsync(CloneWork work, V1Pod pod, CancellationToken cancellationToken) => writer.PatchAsync<V1Pod>(
        ObjectKey.Of(pod),
        new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["uid"] = pod.Metadata.Uid,
                ["resourceVersion"] = pod.Metadata.ResourceVersion,
                ["labels"] = MergePatch.Map(PodBuilder.Merge(work.Clone.Spec.Pod?.Labels, work.PodLabels)!),
                ["annotations"] = MergePatch.Map(PodBuilder.Merge(work.Clone.Spec.Pod?.Annotations, work.PodAnnotations)!),
                ["ownerReferences"] = MergePatch.List([PodBuilder.Owner(VMClone.KubeKind, work.Clone.Metadata)]),
            },
        },
        cancellationToken);
}
