using System.Globalization;
using k8s.Models;
using Templating.Contract;
using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.Operator.Pods;
using Templating.V1;

namespace Templating.Operator.Reconcilers.Clones.Work;

/// <summary>One pass over a VMClone: what is, and the status that is to be.</summary>
internal sealed class CloneWork(VMClone clone, DateTimeOffset now)
{
    public VMClone Clone { get; set; } = clone;

    public ObjectKey Key { get; } = ObjectKey.Of(clone);

    public string Uid => Clone.Metadata.Uid;

    public DateTimeOffset Now { get; } = now;

    public ConditionSet Conditions { get; private set; } = new(clone.Status?.Conditions, clone.Metadata.Generation, now);

    /// <summary>A copy; <see cref="CloneStatusWriter"/> writes it.</summary>
    public VMCloneStatus Status { get; private set; } = Copy(clone.Status);

    /// <summary>The VM's pod now; null while it has none.</summary>
    public V1Pod? Pod { get; set; }

    /// <summary>What the pod's node says of it; null where it says nothing.</summary>
    public VmPod? Vm { get; set; }

    public IReadOnlyList<FieldViolation> Faults { get; set; } = [];

    /// <summary>What is given to the guest; null until read.</summary>
    public CloneInputs? Inputs { get; set; }

    /// <summary>The soonest of what steps asked for.</summary>
    public ReconcileResult Left { get; private set; }

    /// <summary>What the API server refused first in this pass, other than what a step has an answer to.</summary>
    public Exception? Refusal { get; private set; }

    /// <summary>Why no waiting VM of the pool could be taken, though some wait: the server's words.</summary>
    public string? ClaimRefusal { get; set; }

    public int Restarts => Status.Restarts ?? 0;

    public string RequestId => PodNames.RequestId(Uid, Restarts);

    /// <summary>Ours on the pod that this VM has, or is to have.</summary>
    public Dictionary<string, string> PodLabels => new(StringComparer.Ordinal) { [Keys.CloneLabel] = Uid };

    public Dictionary<string, string> PodAnnotations =>
        new(StringComparer.Ordinal) { [Keys.RestartAnnotation] = Restarts.ToString(CultureInfo.InvariantCulture) };

    /// <summary>For what the rest of the pass does not depend on.</summary>
    public void Refused(Exception refusal) => Refusal ??= refusal;

    public void LookAgainAfter(TimeSpan time) => Left = Left.Or(ReconcileResult.After(time));

    /// <summary>Goes on from what was just written.</summary>
    public void Written(VMClone written)
    {
        Clone = written;
        Status = Copy(written.Status);
        Conditions = new ConditionSet(written.Status?.Conditions, written.Metadata.Generation, Now);
    }

    private static VMCloneStatus Copy(VMCloneStatus? status) => new()
    {
        PodName = status?.PodName,
        PodUid = status?.PodUid,
        NodeName = status?.NodeName,
        Ip = status?.Ip,
        Revision = status?.Revision,
        Start = status?.Start,
        Hostname = status?.Hostname,
        MachineId = status?.MachineId,
        StartSeconds = status?.StartSeconds,
        Phases = status?.Phases,
        Restarts = status?.Restarts,
        Given = status?.Given is { } given ? new(given, StringComparer.Ordinal) : null,
        ReadyTime = status?.ReadyTime,
        FinishTime = status?.FinishTime,
    };
}
