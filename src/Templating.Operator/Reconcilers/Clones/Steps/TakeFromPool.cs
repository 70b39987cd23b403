using System.Security.Cryptography;
using k8s.Autorest;
using k8s.Models;
using Templating.Kubernetes;
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
    CloneClock clock) : ICloneStep
{
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
                // Between the look and the reservation somebody may have had it.
                if (pods.Get(ObjectKey.Of(candidate)) is { } now && IsWaiting(now))
                {
                    work.Pod = await ClaimAsync(work, now, cancellationToken);
                    work.Vm = nodes.Find(work.Pod.Spec.NodeName)?.FindPod(work.Pod.Metadata.Uid);
                    clock.Mark(work.Key, "claimed");
                    return StepResult.Next;
                }
            }
            catch (HttpOperationException refusal) when (ClusterErrors.KindOf(refusal) is ClusterErrorKind.Conflict or ClusterErrorKind.NotFound)
            {
                // Another operator, a user or the garbage collector was first.
                continue;
            }
            finally
            {
                reservations.Release(candidate.Metadata.Uid);
            }
        }

        return StepResult.Next;
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

    private bool IsWaiting(V1Pod pod) => pod.Label(Keys.CloneLabel) is null && !pod.IsDeleting() && pod.IsRunning()
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
