using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Templating.Api.Client;
using Templating.Contract;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.Operator.Nodes;
using Templating.Operator.Pods;
using Templating.Operator.Reconcilers.Clones.Work;
using Templating.V1;

namespace Templating.Operator.Reconcilers.Clones.Steps;

/// <summary>Makes the waiting VM this VMClone's own, by its node's daemon. A retry asks with the same id.</summary>
internal sealed class Activate(INodeDirectory nodes, VmEnd end, CloneClock clock, TimeProvider time) : ICloneStep
{
    /// <summary>For the call itself, beside the guest's own time.</summary>
    private static readonly TimeSpan Call = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Again = TimeSpan.FromSeconds(2);

    public async Task<StepResult> RunAsync(CloneWork work, CancellationToken cancellationToken)
    {
        if (work.Pod is not { } pod || pod.IsDeleting() || work.Vm is not { } vm)
        {
            return StepResult.Next;
        }

        if (vm.State != PodState.Waiting)
        {
            return await LookAtAsync(work, vm, cancellationToken);
        }

        clock.Mark(work.Key, pod.Label(Keys.PoolLabel) is null ? StartPhases.Scheduled : StartPhases.Claimed);
        clock.Mark(work.Key, StartPhases.Restored);
        if (work.Inputs is null || nodes.Find(pod.Spec.NodeName) is not { } node)
        {
            return StepResult.Next;
        }

        try
        {
            using var limit = new CancellationTokenSource(Timeout(work.Clone) + Call, time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
            work.Vm = await node.ActivateAsync(Request(work, vm), both.Token);
            return StepResult.Next;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Later(work, "The node did not answer in time.");
        }
        catch (TemplatingClientException refusal) when (IsTransient(refusal))
        {
            return Later(work, refusal.Message);
        }
        catch (TemplatingClientException refusal)
        {
            await end.EndedAsync(work, new PodOutcome(Reasons.ActivationFailed, Text(refusal), Failed: true), cancellationToken);
            return StepResult.End;
        }
    }

    /// <summary>One that somebody else activated is not ours, whatever its label says.</summary>
    private async Task<StepResult> LookAtAsync(CloneWork work, VmPod vm, CancellationToken cancellationToken)
    {
        if (vm.RequestId.Length == 0 || vm.RequestId == work.RequestId)
        {
            return StepResult.Next;
        }

        var outcome = new PodOutcome(Reasons.ActivationFailed, $"Pod '{vm.PodName}' was activated by another request, {vm.RequestId}.", Failed: true);
        await end.EndedAsync(work, outcome, cancellationToken);
        return StepResult.End;
    }

    private static StepResult Later(CloneWork work, string message)
    {
        work.Conditions.Set(ConditionTypes.IdentityConfirmed, ConditionStatus.False, Reasons.NodeUnavailable, $"The activation is tried again: {message}");
        work.Conditions.Set(ConditionTypes.Ready, ConditionStatus.False, Reasons.NodeUnavailable, "Its VM is not activated yet; IdentityConfirmed says why.");
        work.LookAgainAfter(Again);
        return StepResult.Next;
    }

    /// <summary>The daemon restarts, the connection broke, or the daemon has not heard of the pod yet.</summary>
    private static bool IsTransient(TemplatingClientException refusal) => refusal.Reason is not ("IDENTITY_NOT_CONFIRMED" or "QEMU_EXITED" or "QMP_FAILED" or "GUEST_AGENT_FAILED")
        && refusal.Code is StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Cancelled or StatusCode.Aborted
            or StatusCode.NotFound or StatusCode.ResourceExhausted;

    private static string Text(TemplatingClientException refusal) => refusal.Violations.Count == 0
        ? refusal.Message
        : $"{refusal.Message} {string.Join(' ', refusal.Violations.Select(v => $"{v.Field}: {v.Description}"))}";

    private static TimeSpan Timeout(VMClone clone) => TimeSpan.FromSeconds(clone.Spec.IdentityTimeoutSeconds ?? Timeouts.IdentitySeconds);

    internal static ActivatePodRequest Request(CloneWork work, VmPod vm)
    {
        var clone = work.Clone;
        var activation = new Activation
        {
            RequestId = work.RequestId,
            Id = PodNames.CloneId(clone.Metadata.Name, work.Uid),
            Hostname = clone.Spec.Hostname ?? "",
            UserData = work.Inputs!.UserData,
            IdentityTimeout = Duration.FromTimeSpan(Timeout(clone)),
        };
        foreach (var (name, value) in work.Inputs.Environment)
        {
            activation.Environment[name] = value;
        }

        activation.Files.AddRange(work.Inputs.Files);
        activation.Forwards.AddRange((clone.Spec.Ports ?? []).Select(p => new PortForward { GuestPort = p.GuestPort, HostPort = p.Port ?? p.GuestPort }));
        return new ActivatePodRequest { Name = vm.Name, Activation = activation };
    }
}
