using k8s.Models;
using Templating.Kubernetes;
using Templating.Operator.Cluster;
using Templating.Operator.Pods;
using Templating.Operator.Telemetry;
using Templating.V1;

namespace Templating.Operator.Reconcilers.Clones.Steps;

/// <summary>Tells in the status what the VM's pod and its node say.</summary>
internal sealed class Observe(NodeHealth health, IEvents events, CloneClock clock, OperatorMetrics metrics) : ICloneStep
{
    public Task<StepResult> RunAsync(CloneWork work, CancellationToken cancellationToken)
    {
        if (work.Pod is { } pod)
        {
            SetPod(work, pod);
            SetScheduled(work, pod);
            SetRestored(work, pod);
            SetIdentity(work);
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
        status.Ip = pod.Status?.PodIP;
        status.Revision = pod.Label(Keys.RevisionLabel);
        status.Start = pod.Label(Keys.PoolLabel) is null ? "Cold" : "Warm";
    }

    private void SetScheduled(CloneWork work, V1Pod pod)
    {
        if (pod.Spec?.NodeName is { Length: > 0 } node)
        {
            clock.Mark(work.Key, pod.Label(Keys.PoolLabel) is null ? "scheduled" : "claimed");
            work.Conditions.Set(CloneConditions.Scheduled, ConditionSet.True, work.Status.Start == "Warm" ? Reasons.Claimed : "Scheduled", $"Pod '{pod.Metadata.Name}' is on node '{node}'.");
            return;
        }

        var scheduled = pod.Status?.Conditions?.FirstOrDefault(c => c.Type == "PodScheduled");
        work.Conditions.Set(
            CloneConditions.Scheduled,
            ConditionSet.False,
            scheduled is { Status: "False", Reason: "Unschedulable" } ? "Unschedulable" : "Scheduling",
            scheduled?.Message is { Length: > 0 } message ? message : $"Pod '{pod.Metadata.Name}' waits for a node.");
    }

    private static void SetRestored(CloneWork work, V1Pod pod)
    {
        if (work.Vm?.State is PodState.Waiting or PodState.Activating or PodState.Ready)
        {
            work.Conditions.Set(CloneConditions.Restored, ConditionSet.True, "Restored", "The VM was restored at the template's frozen moment.");
        }
        else if (!work.Conditions.IsTrue(CloneConditions.Restored))
        {
            var waiting = pod.Container()?.State?.Waiting;
            work.Conditions.Set(
                CloneConditions.Restored,
                ConditionSet.False,
                waiting?.Reason is { Length: > 0 } reason && reason != "ContainerCreating" ? reason : "Starting",
                waiting?.Message is { Length: > 0 } message ? message : "The VM's container is being started.");
        }
    }

    private static void SetIdentity(CloneWork work)
    {
        if (IsReady(work))
        {
            work.Conditions.Set(CloneConditions.IdentityConfirmed, ConditionSet.True, "Confirmed", "The guest confirmed its identity.");
        }
        else if (work.Vm is { State: PodState.Failed or PodState.Stopped } ended)
        {
            work.Conditions.Set(CloneConditions.IdentityConfirmed, ConditionSet.False, Reasons.VMEnded, $"The VM ended: {ended.StateReason}");
        }
        else if (!work.Conditions.IsTrue(CloneConditions.IdentityConfirmed)
            && !IsWaitingFor(work, work.Conditions.Get(CloneConditions.IdentityConfirmed)?.Reason))
        {
            work.Conditions.Set(CloneConditions.IdentityConfirmed, ConditionSet.False, Reasons.NotActivated, "The VM was not activated yet.");
        }
    }

    private void SetReady(CloneWork work, V1Pod pod)
    {
        if (IsReady(work))
        {
            if (health.Of(pod.Spec?.NodeName) is { LostIn: not null } bad)
            {
                work.Conditions.Set(CloneConditions.Ready, ConditionSet.Unknown, Reasons.NodeNotReady, bad.Message);
                return;
            }

            // Who waits for Ready goes on to use the address.
            if (work.Status.ReadyTime is null && string.IsNullOrEmpty(work.Status.Ip))
            {
                work.Conditions.Set(CloneConditions.Ready, ConditionSet.False, Reasons.AddressPending, "The kubelet has not told the pod's IP yet.");
                return;
            }

            BecomeReady(work, work.Vm!);
        }
        else if (work.Vm is { State: PodState.Failed or PodState.Stopped })
        {
            work.Conditions.Set(CloneConditions.Ready, ConditionSet.False, Reasons.VMEnded, "The VM ended; its pod will say how.");
        }
        else if (!work.Conditions.IsTrue(CloneConditions.IdentityConfirmed))
        {
            var first = new[] { CloneConditions.Scheduled, CloneConditions.Restored, CloneConditions.IdentityConfirmed }.First(c => !work.Conditions.IsTrue(c));
            work.Conditions.Set(CloneConditions.Ready, ConditionSet.False, work.Conditions.Get(first)!.Reason, $"{first} is not true yet.");
        }
    }

    private void BecomeReady(CloneWork work, VmPod vm)
    {
        var status = work.Status;
        status.Hostname = vm.Identity?.Hostname is { Length: > 0 } hostname ? hostname : null;
        status.MachineId = vm.Identity?.MachineId is { Length: > 0 } id ? id : null;
        if (status.ReadyTime is null)
        {
            clock.Mark(work.Key, "identity");
            status.ReadyTime = work.Conditions.Now;
            if (clock.Times(work.Key) is { } times)
            {
                status.StartSeconds = times.Seconds;
                status.Phases = times.Phases;
                metrics.Claim(TimeSpan.FromSeconds(times.Seconds), status.Start == "Warm");
            }

            events.Normal(work.Clone, "Ready", $"Its VM is ready in pod '{status.PodName}' on node '{status.NodeName}' ({status.Start}, {status.StartSeconds} s).");
        }

        work.Conditions.Set(CloneConditions.Ready, ConditionSet.True, "Ready", "The VM is ready.");
    }

    /// <summary>An earlier step of this pass said why the activation has to wait.</summary>
    private static bool IsWaitingFor(CloneWork work, string? reason) => work.Vm?.State == PodState.Waiting
        && (reason == Reasons.NodeUnavailable || (reason == Reasons.InputMissing && work.Inputs is null));

    private static bool IsReady(CloneWork work) => work.Vm?.State == PodState.Ready && work.Vm.RequestId == work.RequestId;
}
