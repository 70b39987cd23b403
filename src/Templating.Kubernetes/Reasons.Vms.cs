namespace Templating.Kubernetes;

/// <summary>Reasons of VMPools and VMClones.</summary>
public static partial class Reasons
{
    /// <summary>A pool's waiting VM was taken.</summary>
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

    /// <summary>The VM waits to be told who it is.</summary>
    public const string NotActivated = "NotActivated";

    /// <summary>A Secret or ConfigMap, or a key of it, is not there, or holds what no guest can be given; looked for again every few seconds.</summary>
    public const string InputMissing = "InputMissing";

    /// <summary>The node's daemon cannot be reached; the activation is tried again.</summary>
    public const string NodeUnavailable = "NodeUnavailable";

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

    /// <summary>Its node is gone or was not ready for too long.</summary>
    public const string NodeLost = "NodeLost";

    /// <summary>Somebody deleted its pod.</summary>
    public const string PodDeleted = "PodDeleted";

    /// <summary>Its shutdown time had come.</summary>
    public const string ShutdownTime = "ShutdownTime";

    /// <summary>A waiting VM of a pool ended; another is made.</summary>
    public const string MemberFailed = "MemberFailed";

    /// <summary>VMs are being made or removed.</summary>
    public const string MembersChanging = "MembersChanging";

    /// <summary>The API server refused a pod of the pool.</summary>
    public const string CreateFailed = "CreateFailed";
}
