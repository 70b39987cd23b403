namespace Templating.Kubernetes.Metrics;

/// <summary>The operator's series that others than Prometheus read, by the names under which it serves them (docs/telemetry.md).</summary>
public static class OperatorSeries
{
    /// <summary>1 of the process that leads.</summary>
    public const string Leader = "templating_operator_leader";

    /// <summary>Keys that wait for a worker, by controller.</summary>
    public const string QueueDepth = "templating_operator_queue_depth";

    public const string Writes = "templating_operator_writes_total";

    public const string Retries = "templating_operator_retries_total";

    public const string Conflicts = "templating_operator_conflicts_total";
}
