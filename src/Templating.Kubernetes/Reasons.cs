namespace Templating.Kubernetes;

/// <summary>Reasons of conditions, of nodes in a status, and of Events. Stable; docs/kubernetes/conditions.md says what each means.</summary>
public static partial class Reasons
{
    // Any resource: the spec is not valid.
    public const string InvalidSpec = "InvalidSpec";

    // Any resource, condition Reconciled: the API server said no; it did not answer.
    public const string ApiRefused = "ApiRefused";
    public const string ApiUnavailable = "ApiUnavailable";

    // Events, of any resource and of nodes.
    public const string StatusNotWritten = "StatusNotWritten";
    public const string LabelsNotWritten = "LabelsNotWritten";

    // VMTemplate: condition Accepted.
    public const string Accepted = "Accepted";

    // VMTemplate: condition Ready.
    public const string Ready = "Ready";
    public const string PartlyReady = "PartlyReady";
    public const string NoNodes = "NoNodes";
    public const string NodesUnreachable = "NodesUnreachable";
    public const string InUse = "InUse";
    public const string Deleting = "Deleting";

    // VMTemplate: conditions Ready and Progressing, and a node in its status.
    public const string Building = "Building";
    public const string BuildFailed = "BuildFailed";

    // VMTemplate: condition Progressing.
    public const string Complete = "Complete";

    // VMTemplate: a node in its status.
    public const string BuildQueued = "BuildQueued";
    public const string NoSpace = "NoSpace";
    public const string QemuUnsupported = "QemuUnsupported";
    public const string SpecRefused = "SpecRefused";
    public const string GuestFailed = "GuestFailed";
    public const string WarmUpFailed = "WarmUpFailed";
    public const string NodeUnreachable = "NodeUnreachable";

    // VMTemplate: Events.
    public const string RevisionReady = "RevisionReady";
    public const string RevisionRemoved = "RevisionRemoved";
    public const string NodeSkipped = "NodeSkipped";
}
