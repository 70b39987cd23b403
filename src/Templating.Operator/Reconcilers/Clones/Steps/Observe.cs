using k8s.Models;
using Templating.Kubernetes;
using Templating.Operator.Cluster;
using Templating.Operator.Pods;
using Templating.Operator.Reconcilers.Clones.Work;
using Templating.Operator.Telemetry;
using Templating.V1;

namespace Templating.Operator.Reconcilers.Clones.Steps;

/// <summary>Tells in the status what the VM's pod and its node say.</summary>
internal sealed class Observe(NodeHealth health, StrandedPods stranded, CloneClock clock, OperatorMetrics metrics) : ICloneStep
{
    public Task<StepResult> RunAsync(CloneWork work, CancellationToken cancellationToken)
    {
        if (work.Pod is { } pod)
        {
            GivenSpec.PodMade(work);
            SetPod(work, pod);
            SetScheduled(work, pod);
            SetRestored(work, pod);
            SetIdentity(work, pod);
            SetReady(work, pod);
        }

        return Task.FromResult(StepResult.Next);
    }

    private static void SetPod(CloneWork work, V1Pod pod)
    {
        var status = work.Status;
        status.PodName = pod.Metadata.Name;
        status.PodUid = pod.Metadata.Uid;
        status.NodeName = pod.Spec?.NodeName;
        // The kubelet looks at its pods once a second; it told the pod itself when it made the container. What it says here counts.
        status.Ip = pod.Status?.PodIP is { Length: > 0 } told ? told : work.Vm?.Ip is { Length: > 0 } own ? own : null;
        status.Revision = pod.Label(Keys.RevisionLabel);
        status.Start = pod.Label(Keys.PoolLabel) is null ? StartKinds.Cold : StartKinds.Warm;
    }

    private void SetScheduled(CloneWork work, V1Pod pod)
    {
        if (pod.Spec?.NodeName is { Length: > 0 } node)
        {
            clock.Mark(work.Key, pod.Label(Keys.PoolLabel) is null ? StartPhases.Scheduled : StartPhases.Claimed);
            work.Conditions.Set(ConditionTypes.Scheduled, ConditionStatus.True, work.Status.Start == StartKinds.Warm ? Reasons.Claimed : Reasons.Scheduled, $"Pod '{pod.Metadata.Name}' is on node '{node}'.{Claim(pod)}");
            return;
        }

        var scheduled = pod.Status?.Conditions?.FirstOrDefault(c => c.Type == "PodScheduled");
        work.Conditions.Set(
            ConditionTypes.Scheduled,
            ConditionStatus.False,
            scheduled is { Status: ConditionStatus.False, Reason: Reasons.Unschedulable } ? Reasons.Unschedulable : Reasons.Scheduling,
            (scheduled?.Message is { Length: > 0 } message ? message : $"Pod '{pod.Metadata.Name}' waits for a node.") + Claim(pod));
    }

    /// <summary>Why it started cold though VMs waited. The pod remembers it: a later pass cannot know.</summary>
    private static string Claim(V1Pod pod) => pod.Metadata.Annotations is { } all && all.TryGetValue(Keys.ClaimRefusedAnnotation, out var words)
        ? $" No waiting VM of its pool could be taken: {words}"
        : "";

    private void SetRestored(CloneWork work, V1Pod pod)
    {
        if (work.Vm?.State is PodState.Waiting or PodState.Activating or PodState.Ready)
        {
            work.Conditions.Set(ConditionTypes.Restored, ConditionStatus.True, Reasons.Restored, "The VM was restored at the template's frozen moment.");
        }
        else if (!work.Conditions.IsTrue(ConditionTypes.Restored))
        {
            var (reason, message) = WithoutDaemon(pod) ?? PodWaiting.Of(pod) ?? (Reasons.Starting, "The VM's container is being started.");
            work.Conditions.Set(ConditionTypes.Restored, ConditionStatus.False, reason, message);
        }
    }

    private void SetIdentity(CloneWork work, V1Pod pod)
    {
        if (IsReady(work))
        {
            work.Conditions.Set(ConditionTypes.IdentityConfirmed, ConditionStatus.True, Reasons.Confirmed, "The guest confirmed its identity.");
        }
        else if (work.Vm is { State: PodState.Failed or PodState.Stopped } ended)
        {
            work.Conditions.Set(ConditionTypes.IdentityConfirmed, ConditionStatus.False, Reasons.VMEnded, $"The VM ended: {ended.StateReason}");
        }
        else if (!work.Conditions.IsTrue(ConditionTypes.IdentityConfirmed)
            && !IsWaitingFor(work, work.Conditions.Get(ConditionTypes.IdentityConfirmed)?.Reason))
        {
            var (reason, message) = WithoutDaemon(pod) ?? (Reasons.NotActivated, "The VM was not activated yet.");
            work.Conditions.Set(ConditionTypes.IdentityConfirmed, ConditionStatus.False, reason, message);
        }
    }

    private void SetReady(CloneWork work, V1Pod pod)
    {
        if (IsReady(work))
        {
            if (health.Of(pod.Spec?.NodeName) is { LostIn: not null } bad)
            {
                work.Conditions.Set(ConditionTypes.Ready, ConditionStatus.Unknown, Reasons.NodeNotReady, bad.Message);
                return;
            }

            // Who waits for Ready goes on to use the address.
            if (work.Status.ReadyTime is null && string.IsNullOrEmpty(work.Status.Ip))
            {
                work.Conditions.Set(ConditionTypes.Ready, ConditionStatus.False, Reasons.AddressPending, "Neither the kubelet nor the pod has told the pod's IP yet.");
                return;
            }

            BecomeReady(work, work.Vm!);
        }
        else if (work.Vm is { State: PodState.Failed or PodState.Stopped })
        {
            work.Conditions.Set(ConditionTypes.Ready, ConditionStatus.False, Reasons.VMEnded, "The VM ended; its pod will say how.");
        }
        else if (!work.Conditions.IsTrue(ConditionTypes.IdentityConfirmed))
        {
            var first = new[] { ConditionTypes.Scheduled, ConditionTypes.Restored, ConditionTypes.IdentityConfirmed }.First(c => !work.Conditions.IsTrue(c));
            work.Conditions.Set(ConditionTypes.Ready, ConditionStatus.False, work.Conditions.Get(first)!.Reason, $"{first} is not true yet.");
        }
    }

    private void BecomeReady(CloneWork work, VmPod vm)
    {
        GivenSpec.Activated(work);
        var status = work.Status;
        status.Hostname = vm.Identity?.Hostname is { Length: > 0 } hostname ? hostname : null;
        status.MachineId = vm.Identity?.MachineId is { Length: > 0 } id ? id : null;
        if (status.ReadyTime is null)
        {
            clock.Mark(work.Key, StartPhases.Identity);
            status.ReadyTime = work.Conditions.Now;
            if (clock.Times(work.Key) is { } times)
            {
                status.StartSeconds = times.Seconds;
                status.Phases = times.Phases;
                metrics.Claim(TimeSpan.FromSeconds(times.Seconds), status.Start == StartKinds.Warm, work.Clone.Spec.Pool is not null);
            }
        }

        work.Conditions.Set(ConditionTypes.Ready, ConditionStatus.True, Reasons.Ready, "The VM is ready.");
    }

    private (string Reason, string Message)? WithoutDaemon(V1Pod pod) =>
        stranded.DaemonOf(pod) is { LostIn: not null } daemon ? (Reasons.NodeUnavailable, daemon.Message) : null;

    /// <summary>An earlier step of this pass said why the activation has to wait.</summary>
    private static bool IsWaitingFor(CloneWork work, string? reason) => work.Vm?.State == PodState.Waiting
        && (reason == Reasons.NodeUnavailable || (reason == Reasons.InputMissing && work.Inputs is null));

    private static bool IsReady(CloneWork work) => work.Vm?.State == PodState.Ready && work.Vm.RequestId == work.RequestId;
}
