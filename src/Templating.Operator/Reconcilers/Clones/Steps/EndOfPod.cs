using k8s.Models;
using Templating.Kubernetes;
using Templating.Operator.Cluster;
using Templating.Operator.Pods;
using Templating.Operator.Reconcilers.Clones.Work;

namespace Templating.Operator.Reconcilers.Clones.Steps;

/// <summary>Sees that the VM ended, or that its pod is gone, or lost with its node.</summary>
internal sealed class EndOfPod(ClusterWriter writer, NodeHealth health, VmEnd end, DepartedPods departed, StrandedPods stranded) : ICloneStep
{
    private static readonly string[] Disruptions = [Reasons.Evicted, Reasons.Preempted, Reasons.NodeShutdown, Reasons.NodeLost, Reasons.DeadlineExceeded];

    public async Task<StepResult> RunAsync(CloneWork work, CancellationToken cancellationToken)
    {
        var node = health.Of(work.Pod is { } p ? p.Spec?.NodeName : work.Status.NodeName);
        if (work.Pod is not { } pod)
        {
            if (work.Status.PodUid is null)
            {
                return StepResult.Next;
            }

            await end.EndedAsync(work, node.LostIn is null ? await WhyAsync(work, cancellationToken) : PodOutcome.NodeLost(node.Message), cancellationToken);
            return StepResult.End;
        }

        if (pod.VmHasEnded() && !pod.IsDeleting())
        {
            await end.EndedAsync(work, PodOutcome.Of(pod), cancellationToken);
            return StepResult.End;
        }

        if (node.IsLost)
        {
            var lost = PodOutcome.NodeLost(node.Message);
            await end.EndedAsync(work, lost, cancellationToken);

            // Nobody is left on the node who could end it in order and say so.
            await writer.DeleteAsync<V1Pod>(ObjectKey.Of(pod), pod.Metadata.Uid, 0, cancellationToken);
            return StepResult.End;
        }

        if (node.LostIn is { } left)
        {
            work.LookAgainAfter(left);
        }

        if (!pod.IsDeleting())
        {
            return StepResult.Next;
        }

        Remember(work, pod);
        if (pod.VmHasEnded())
        {
            // Others in it may take their time, and on a node without a daemon its volume keeps it for ever.
            await end.EndedAsync(work, PodDisruption.Of(pod) ?? await WhyAsync(work, cancellationToken), cancellationToken);
            return StepResult.End;
        }

        var why = PodDisruption.Of(pod);
        var going = $"Pod '{pod.Metadata.Name}' is being deleted.";
        if (stranded.DaemonOf(pod) is { LostIn: not null } daemon)
        {
            going = $"{going} Its volume cannot be taken away meanwhile: {daemon.Message}";
        }

        work.Conditions.Set(ConditionTypes.Ready, ConditionStatus.False, why?.Reason ?? Reasons.PodTerminating, why is null ? going : $"{why.Message} {going}");
        return StepResult.End;
    }

    /// <summary>
    /// First its last state, as far as this process saw it. What was said while it was going stands in the status, where the next
    /// leader finds it.
    /// </summary>
    private async Task<PodOutcome> WhyAsync(CloneWork work, CancellationToken cancellationToken)
    {
        var (uid, name) = (work.Status.PodUid!, work.Status.PodName ?? "");
        return departed.Known(uid)
            ?? (work.Conditions.Get(ConditionTypes.Ready) is { Status: ConditionStatus.False } said && Disruptions.Contains(said.Reason, StringComparer.Ordinal)
                ? new PodOutcome(said.Reason, said.Message, Failed: true)
                : await departed.AskAsync(new ObjectKey(work.Key.Namespace, name), uid, work.Status.NodeName, cancellationToken));
    }

    /// <summary>So that its end is seen when it is gone.</summary>
    private static void Remember(CloneWork work, V1Pod pod)
    {
        work.Status.PodName = pod.Metadata.Name;
        work.Status.PodUid = pod.Metadata.Uid;
        work.Status.NodeName = pod.Spec?.NodeName;
    }
}
