namespace Templating.Kubernetes;

/// <summary>Reasons of VMPools and VMClones.</summary>
public static partial class Reasons
{
    /// <summary>The spec is valid.</summary>
    public const string Valid = "Valid";

    /// <summary>The VM goes on as it was started; what changed since is for the next one.</summary>
    public const string ChangesPending = "ChangesPending";

    /// <summary>What changed since the VM's start will never be so.</summary>
    public const string ChangesIgnored = "ChangesIgnored";

    /// <summary>Its pod waits for a node.</summary>
    public const string Scheduling = "Scheduling";

    /// <summary>The scheduler found no node for its pod; the message is its own.</summary>
    public const string Unschedulable = "Unschedulable";

    /// <summary>Its pod is on a node.</summary>
    public const string Scheduled = "Scheduled";

    /// <summary>A pool's waiting VM was taken; it is on a node already.</summary>
    public const string Claimed = "Claimed";

    /// <summary>The namespace has no such VMPool.</summary>
    public const string PoolNotFound = "PoolNotFound";

    /// <summary>The namespace has no such VMTemplate.</summary>
    public const string TemplateNotFound = "TemplateNotFound";

    /// <summary>The template is ready on no node yet.</summary>
    public const string TemplateNotReady = "TemplateNotReady";

    /// <summary>The template is being deleted.</summary>
    public const string TemplateDeleted = "TemplateDeleted";

    /// <summary>Only an older revision is ready; it is used until the present one is.</summary>
    public const string OlderRevisionReady = "OlderRevisionReady";

    /// <summary>The API server refused the pod; the message is its own.</summary>
    public const string PodRefused = "PodRefused";

    /// <summary>VMs wait in the pool, and the API server refused to let one be taken; a new one is made.</summary>
    public const string ClaimRefused = "ClaimRefused";

    /// <summary>The VM's container is being started.</summary>
    public const string Starting = "Starting";

    /// <summary>The VM is at its template's frozen moment.</summary>
    public const string Restored = "Restored";

    /// <summary>The VM waits to be told who it is.</summary>
    public const string NotActivated = "NotActivated";

    /// <summary>A Secret or ConfigMap, or a key of it, is not there, may not be read, or holds what no guest can be given; looked for again every few seconds.</summary>
    public const string InputMissing = "InputMissing";

    /// <summary>The node has no daemon, or it cannot be reached: the VM is made again elsewhere, or its activation tried again.</summary>
    public const string NodeUnavailable = "NodeUnavailable";

    /// <summary>The guest confirmed who it is.</summary>
    public const string Confirmed = "Confirmed";

    /// <summary>Its node is not ready; what is said of the VM may be old.</summary>
    public const string NodeNotReady = "NodeNotReady";

    /// <summary>The VM is itself; the kubelet has not told the pod's IP yet.</summary>
    public const string AddressPending = "AddressPending";

    /// <summary>The VM ended; its pod will say how.</summary>
    public const string VMEnded = "VMEnded";

    /// <summary>Its pod is being deleted.</summary>
    public const string PodTerminating = "PodTerminating";

    /// <summary>Its shutdown time has come; the guest is powering off.</summary>
    public const string ShuttingDown = "ShuttingDown";

    /// <summary>A new VM takes the place of one that ended.</summary>
    public const string Restarting = "Restarting";

    /// <summary>The same, after a pause.</summary>
    public const string RestartBackoff = "RestartBackoff";

    /// <summary>The node refused the activation, or the guest did not confirm its identity.</summary>
    public const string ActivationFailed = "ActivationFailed";

    /// <summary>The guest powered off.</summary>
    public const string GuestPoweredOff = "GuestPoweredOff";

    /// <summary>The guest rebooted, which ends its VM.</summary>
    public const string GuestRebooted = "GuestRebooted";

    /// <summary>The guest's kernel panicked.</summary>
    public const string GuestPanicked = "GuestPanicked";

    /// <summary>The VM's process failed; the message has its last words.</summary>
    public const string VMFailed = "VMFailed";

    /// <summary>Somebody else killed its process.</summary>
    public const string Killed = "Killed";

    /// <summary>It took more memory than its pod's limit.</summary>
    public const string OOMKilled = "OOMKilled";

    /// <summary>The container runtime could not run it.</summary>
    public const string ContainerFailed = "ContainerFailed";

    /// <summary>The kubelet refused the pod before it ran.</summary>
    public const string PodFailed = "PodFailed";

    /// <summary>The node needed what it took for itself, or somebody evicted it (a drain, an autoscaler, a taint).</summary>
    public const string Evicted = "Evicted";

    /// <summary>A pod of higher priority took its place.</summary>
    public const string Preempted = "Preempted";

    /// <summary>Its node was shut down in order.</summary>
    public const string NodeShutdown = "NodeShutdown";

    /// <summary>Its pod's deadline passed.</summary>
    public const string DeadlineExceeded = "DeadlineExceeded";

    /// <summary>Its node is gone or was not ready for too long.</summary>
    public const string NodeLost = "NodeLost";

    /// <summary>Somebody deleted its pod.</summary>
    public const string PodDeleted = "PodDeleted";

    /// <summary>Its shutdown time had come.</summary>
    public const string ShutdownTime = "ShutdownTime";

    /// <summary>Its time to live was over.</summary>
    public const string Expired = "Expired";

    /// <summary>A waiting VM of a pool ended; another is made.</summary>
    public const string MemberFailed = "MemberFailed";

    /// <summary>Event of a VM pod: it had no owner, and is its pool's or VMClone's again.</summary>
    public const string Adopted = "Adopted";

    /// <summary>Event of a VM pod: its pool or VMClone is gone; it is deleted.</summary>
    public const string OwnerGone = "OwnerGone";

    /// <summary>VMs are being made or removed.</summary>
    public const string MembersChanging = "MembersChanging";

    /// <summary>As many VMs wait as are wanted.</summary>
    public const string Full = "Full";

    /// <summary>Fewer VMs wait than are wanted.</summary>
    public const string Filling = "Filling";

    /// <summary>A VM of the pool failed; the next ones are made after a pause.</summary>
    public const string Backoff = "Backoff";

    /// <summary>Nothing is to be done.</summary>
    public const string Settled = "Settled";

    /// <summary>The API server refused a pod of the pool.</summary>
    public const string CreateFailed = "CreateFailed";
}
