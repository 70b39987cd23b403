using k8s.Autorest;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.Operator.Pods;
using Templating.Operator.Reconcilers.Clones.Work;

namespace Templating.Operator.Reconcilers.Clones.Steps;

/// <summary>Makes a pod for a VMClone that got none from a pool. Its name follows from the VMClone, so it is made once.</summary>
internal sealed class CreatePod(
    ICache<VMPool> pools, ICache<VMTemplate> templates, PodBuilder builder, ClusterWriter writer, IEvents events) : ICloneStep
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
            return StepResult.Next;
        }
        catch (HttpOperationException refusal) when (ClusterErrors.KindOf(refusal) is ClusterErrorKind.Forbidden or ClusterErrorKind.Invalid)
        {
            return NotYet(work, Reasons.PodRefused, ClusterErrors.MessageOf(refusal.Response?.Content), AfterRefusal);
        }
        catch (HttpOperationException refusal) when (ClusterErrors.Is(refusal, ClusterErrorKind.AlreadyExists))
        {
            // Made by the leader before; the watch has not told yet.
            work.LookAgainAfter(TimeSpan.FromSeconds(1));
            return StepResult.End;
        }
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
            Annotations = work.PodAnnotations,
        };
    }

    /// <summary>As a VM of the pool would be: its pod, with the VMClone's own labels and annotations.</summary>
    private static VMPodTemplate Merge(VMPodTemplate? pool, VMPodTemplate? clone) => new()
    {
        Labels = PodBuilder.Merge(pool?.Labels, clone?.Labels),
        Annotations = PodBuilder.Merge(pool?.Annotations, clone?.Annotations),
        Resources = pool?.Resources,
        NodeSelector = pool?.NodeSelector,
        Tolerations = pool?.Tolerations,
        PriorityClassName = pool?.PriorityClassName,
        TerminationGracePeriodSeconds = pool?.TerminationGracePeriodSeconds,
    };

    private StepResult NotYet(CloneWork work, string reason, string message, TimeSpan again)
    {
        if (work.Conditions.Set(ConditionTypes.Scheduled, ConditionStatus.False, reason, message))
        {
            events.Warning(work.Clone, reason, message);
        }

        work.Conditions.Set(ConditionTypes.Ready, ConditionStatus.False, reason, "It has no pod; Scheduled says why.");
        work.LookAgainAfter(again);
        return StepResult.End;
    }
}
