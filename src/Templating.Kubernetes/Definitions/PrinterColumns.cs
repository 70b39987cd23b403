namespace Templating.Kubernetes.Definitions;

/// <summary>What <c>kubectl get</c> shows of our resources.</summary>
internal static class PrinterColumns
{
    /// <summary>Nodes is ready/desired, Reason that of the condition Ready.</summary>
    public static IReadOnlyList<CrdColumn> OfTemplates { get; } =
    [
        new("Nodes", "string", ".status.summary"),
        OfReady("Ready", "status"),
        new("Revision", "string", ".status.revision"),
        OfReady("Reason", "reason", isWide: true),
        new("vCPUs", "integer", ".spec.machine.vcpus", IsWide: true),
        new("Memory", "string", ".spec.machine.memory", IsWide: true),
        Age,
    ];

    /// <summary>Waiting has those that can be claimed now, Starting those that will be, Reason that of the condition Ready.</summary>
    public static IReadOnlyList<CrdColumn> OfPools { get; } =
    [
        new("Template", "string", ".spec.template"),
        new("Desired", "integer", ".spec.replicas"),
        new("Waiting", "integer", ".status.readyReplicas"),
        new("Starting", "integer", ".status.startingReplicas"),
        new("Claimed", "integer", ".status.claimedReplicas"),
        OfReady("Reason", "reason"),
        new("Updated", "integer", ".status.updatedReplicas", IsWide: true),
        new("Strategy", "string", ".spec.updateStrategy", IsWide: true),
        new("Revision", "string", ".status.revision", IsWide: true),
        Age,
    ];

    /// <summary>Start is Warm or Cold, Seconds from the creation to Ready.</summary>
    public static IReadOnlyList<CrdColumn> OfClones { get; } =
    [
        OfReady("Ready", "status"),
        OfReady("Reason", "reason"),
        new("Start", "string", ".status.start"),
        new("IP", "string", ".status.ip"),
        new("Node", "string", ".status.nodeName"),
        new("Template", "string", ".spec.template", IsWide: true),
        new("Pool", "string", ".spec.pool", IsWide: true),
        new("Pod", "string", ".status.podName", IsWide: true),
        new("Revision", "string", ".status.revision", IsWide: true),
        new("Seconds", "number", ".status.startSeconds", IsWide: true),
        new("Restarts", "integer", ".status.restarts", IsWide: true),
        Age,
    ];

    private static CrdColumn Age => new("Age", "date", ".metadata.creationTimestamp");

    private static CrdColumn OfReady(string name, string field, bool isWide = false) =>
        new(name, "string", $".status.conditions[?(@.type==\"{ConditionTypes.Ready}\")].{field}", isWide);
}
