using k8s.Autorest;
using k8s.Models;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.Operator.Pods;
using Templating.Operator.Reconcilers.Clones.Work;
using Templating.Operator.Telemetry;

namespace Templating.Operator.Reconcilers.Clones.Steps;

/// <summary>Makes a pod for a VMClone that got none from a pool. Its name follows from the VMClone, so it is made once.</summary>
internal sealed class CreatePod(
    ICache<VMPool> pools, ICache<VMTemplate> templates, PodBuilder builder, ClusterApi api, ClusterWriter writer,
    PoolMetrics metrics, Refusals refusals) : ICloneStep
{
    /// <summary>A change of template or pool is told; this is for what nobody tells.</summary>
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan AfterRefusal = TimeSpan.FromSeconds(15);

    public async Task<StepResult> RunAsync(CloneWork work, CancellationToken cancellationToken)
    {
        if (work.Pod is not null)
        {
            return StepResult.Next;
        }

        var source = CloneSource.Of(work.Clone, pools, templates);
        if (source.Reason is { } reason)
        {
            return NotYet(work, reason, source.Message, Again);
        }

        try
        {
            work.Pod = await writer.CreateAsync(builder.Build(Plan(work, source)), cancellationToken);
            refusals.Forget(work.Uid, ConditionTypes.Scheduled);
            // With a refusal some waited: a larger pool would not help.
            if (source.Pool is { } pool && work.ClaimRefusal is null)
            {
                metrics.Claimed(ObjectKey.Of(pool), found: false);
            }

            return StepResult.Next;
        }
        catch (HttpOperationException refusal) when (ClusterErrors.IsAboutThisCall(refusal))
        {
            return NotYet(work, Reasons.PodRefused, ClusterErrors.MessageOf(refusal), AfterRefusal);
        }
        catch (HttpOperationException refusal) when (ClusterErrors.Is(refusal, ClusterErrorKind.AlreadyExists))
        {
            return await LookAtAsync(work, cancellationToken);
        }
    }

    /// <summary>Made by the leader before, and the watch has not told yet; or somebody else's.</summary>
    private async Task<StepResult> LookAtAsync(CloneWork work, CancellationToken cancellationToken)
    {
        var name = PodNames.ForClone(work.Clone.Metadata.Name, work.Uid, work.Restarts);
        if (await api.GetAsync<V1Pod>(new ObjectKey(work.Key.Namespace, name), cancellationToken) is { } pod && pod.Label(Keys.CloneLabel) != work.Uid)
        {
            return NotYet(work, Reasons.PodRefused, $"There is a pod '{name}' that is not this VMClone's; delete it.", AfterRefusal);
        }

        work.LookAgainAfter(TimeSpan.FromSeconds(1));
        return StepResult.End;
    }

    private static PodPlan Plan(CloneWork work, CloneSource source)
    {
        var clone = work.Clone;
        return new PodPlan
        {
            Template = source.Template!,
            Revision = source.Revision!,
            Owner = PodBuilder.Owner(VMClone.KubeKind, clone.Metadata),
            Name = PodNames.ForClone(clone.Metadata.Name, work.Uid, work.Restarts),
            Pod = source.Pool is null ? clone.Spec.Pod : Merge(source.Pool.Spec.Pod, clone.Spec.Pod),
            Ports = clone.Spec.Ports ?? [],
            Labels = work.PodLabels,
            Annotations = work.ClaimRefusal is { } words
                ? PodBuilder.Merge(work.PodAnnotations, new Dictionary<string, string>(StringComparer.Ordinal) { [Keys.ClaimRefusedAnnotation] = words })
                : work.PodAnnotations,
        };
    }

    /// <summary>As a VM of the pool would be: its pod, with the VMClone's own labels and annotations.</summary>
    private static VMPodTemplate Merge(VMPodTemplate? pool, VMPodTemplate? clone) => (pool ?? new VMPodTemplate()) with
    {
        Labels = PodBuilder.Merge(pool?.Labels, clone?.Labels),
        Annotations = PodBuilder.Merge(pool?.Annotations, clone?.Annotations),
    };

    private StepResult NotYet(CloneWork work, string reason, string message, TimeSpan again)
    {
        message = work.ClaimRefusal is { } words ? $"{message} Before that no waiting VM could be taken: {words}" : message;
        var before = work.Conditions.Get(ConditionTypes.Scheduled);
        work.Conditions.Set(ConditionTypes.Scheduled, ConditionStatus.False, reason, message);
        if (before is null || Refusal.ClassOf(before.Reason, before.Message) != Refusal.ClassOf(reason, message))
        {
            refusals.Event(work.Clone, ConditionTypes.Scheduled, reason, message);
        }

        work.Conditions.Set(ConditionTypes.Ready, ConditionStatus.False, reason, "It has no pod; Scheduled says why.");
        work.LookAgainAfter(again);
        return StepResult.End;
    }
}
