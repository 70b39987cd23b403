namespace Templating.Core.Errors;

/// <summary>
/// Every way an operation can fail. The names are stable: callers read them as <c>ErrorInfo.reason</c> (in
/// UPPER_SNAKE_CASE, <see cref="ErrorReasons"/>), logs, metrics and traces carry them. What each means and what to do: docs/errors.md.
/// </summary>
public enum ErrorCode
{
    /// <summary>A fault of ours. Not retryable without a look at the log.</summary>
    Internal = 0,

    /// <summary>One or more fields of a request are wrong; all of them are listed.</summary>
    InvalidArgument,

    /// <summary>A request id was used before for another request.</summary>
    RequestIdReused,

    /// <summary>The caller may not act for that tenant. Says nothing about what the tenant has.</summary>
    PermissionDenied,

    /// <summary>The tenant may not have such a network: outbound, or that port of the host.</summary>
    NetworkNotAllowed,

    /// <summary>The operation is not legal in the object's present state.</summary>
    IllegalState,

    TemplateNotFound,

    /// <summary>The same template is being built already.</summary>
    TemplateBusy,

    /// <summary>Clones use it; delete them first or force.</summary>
    TemplateInUse,

    /// <summary>Its bytes are not those that were published. Never cloned; delete and rebuild.</summary>
    TemplateCorrupt,

    /// <summary>Made by another QEMU, machine type, CPU model or accelerator than this node has. Rebuild.</summary>
    TemplateStale,

    /// <summary>The manifest is not one this version can read.</summary>
    ManifestInvalid,

    CloneNotFound,

    /// <summary>The node's memory budget has no room for it. Retryable later; the message says what is free.</summary>
    NodeMemoryExhausted,

    /// <summary>The node's limit of clones or of user ids for them is reached. Retryable later.</summary>
    NodeCapacityExhausted,

    /// <summary>A limit of the tenant's own is reached. Retryable later; the message says which, what was found and what is allowed.</summary>
    TenantQuotaExhausted,

    /// <summary>What it needs is more than the node has in all: nothing that ends makes room for it.</summary>
    NodeTooSmall,

    /// <summary>What it needs is more than its tenant may have in all.</summary>
    TenantLimitTooSmall,

    /// <summary>A filesystem that is written to is full, or the daemon's quota of it. Retryable when there is room; the message says which.</summary>
    DiskFull,

    /// <summary>The host has no more open files, processes or memory for the daemon. Retryable later.</summary>
    HostExhausted,

    /// <summary>The host refuses what the daemon needs: a read-only or broken filesystem, a right it lacks.</summary>
    HostUnusable,

    /// <summary>A port of the host is taken, privileged, or of an address that the host does not have.</summary>
    PortUnavailable,

    /// <summary>No QEMU where the node was told to look.</summary>
    QemuMissing,

    /// <summary>QEMU is older than 8.2 and lacks the <c>rom</c> property.</summary>
    QemuTooOld,

    /// <summary>QEMU has no such machine type, CPU model or device.</summary>
    QemuUnsupported,

    /// <summary>The accelerator asked for does not work here.</summary>
    AcceleratorUnavailable,

    /// <summary>QEMU ended when it should not have. The message carries the end of its standard error.</summary>
    QemuExited,

    /// <summary>QEMU refused at its start what it was given, and would do so again.</summary>
    QemuRefused,

    /// <summary>QEMU refused a command or spoke nonsense on its monitor.</summary>
    QmpFailed,

    /// <summary>The guest's kernel panicked, or the guest powered off or rebooted before it was ready.</summary>
    GuestStopped,

    /// <summary>The guest was not ready in time.</summary>
    GuestNotReady,

    /// <summary>The guest answers, and lacks what every clone of it needs: a command of its agent, or a program. The message says what to mend.</summary>
    GuestNotSuitable,

    /// <summary>A warm-up command failed.</summary>
    WarmUpFailed,

    /// <summary>The guest's agent answered too much, nonsense, or not in time.</summary>
    GuestAgentFailed,

    /// <summary>The guest did not confirm its identity in time. The clone was removed.</summary>
    IdentityNotConfirmed,

    /// <summary>The guest could not write a file that the clone was to have. The clone was removed.</summary>
    GuestFileRefused,

    /// <summary>A promise about memory does not hold on the running process. The clone was removed.</summary>
    IsolationViolated,

    /// <summary>A clone of that id exists already.</summary>
    CloneAlreadyExists,

    /// <summary>Another process owns the sandbox of that id.</summary>
    SandboxOwned,

    /// <summary>The process that is to own a sandbox is not there.</summary>
    SandboxOwnerGone,

    /// <summary>The template is none for sandboxes.</summary>
    SandboxUnsupported,

    /// <summary>A VM's process cannot be put into a control group.</summary>
    CgroupUnusable,

    /// <summary>The tenant has no such pool.</summary>
    PoolNotFound,

    /// <summary>The tenant has published no such image, or it went since: it was not in use and room was needed.</summary>
    ImageNotFound,

    /// <summary>Clones of the tenant hold the image; delete them first.</summary>
    ImageInUse,

    /// <summary>No image could be made of what was given. The message carries the end of what the tool said.</summary>
    ImageBuildFailed,

    /// <summary>No volume of a VM pod of that name is published on this node.</summary>
    PodNotFound,

    /// <summary>The VM pod's process does not answer: it has not begun, or it is gone. Retryable.</summary>
    PodUnavailable,

    /// <summary>No such volume is published on this node.</summary>
    VolumeNotFound,

    /// <summary>An operation on the volume is under way. Retryable.</summary>
    VolumeBusy,

    /// <summary>A guest's file could not be fetched. Retryable.</summary>
    DownloadFailed,

    /// <summary>A watcher or reader did not keep up and missed changes; list again and watch anew.</summary>
    WatchTooSlow,

    /// <summary>The node is stopping. Retryable.</summary>
    ShuttingDown,
}
