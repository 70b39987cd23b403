namespace Templating.Kubernetes;

/// <summary>
/// Types of the conditions in a status. Which resource has which, and with what reasons: docs/kubernetes/conditions.md.
/// </summary>
public static class ConditionTypes
{
    /// <summary>VMTemplate, VMClone: whether the spec makes sense.</summary>
    public const string Accepted = "Accepted";

    /// <summary>Of every resource, and there only while it is False: the API server refuses what has to be done for it.</summary>
    public const string Reconciled = "Reconciled";

    /// <summary>Of every resource, as of Kubernetes' own nodes and pods: whether it can be used now.</summary>
    public const string Ready = "Ready";

    /// <summary>VMTemplate, VMPool: whether something is under way.</summary>
    public const string Progressing = "Progressing";

    /// <summary>VMPool: whether a revision of its template is ready on a node.</summary>
    public const string TemplateReady = "TemplateReady";

    /// <summary>VMClone: its VM's pod is on a node.</summary>
    public const string Scheduled = "Scheduled";

    /// <summary>VMClone: the VM is at its template's frozen moment, or went on from there.</summary>
    public const string Restored = "Restored";

    /// <summary>VMClone: the guest confirmed who it is.</summary>
    public const string IdentityConfirmed = "IdentityConfirmed";

    /// <summary>VMClone: the VM ended, and no other takes its place.</summary>
    public const string Finished = "Finished";
}

/// <summary>A condition's status, as Kubernetes has it.</summary>
public static class ConditionStatus
{
    public const string True = "True";

    public const string False = "False";

    public const string Unknown = "Unknown";
}
