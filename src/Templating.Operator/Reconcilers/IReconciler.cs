using Templating.Operator.Cluster;

namespace Templating.Operator.Reconcilers;

/// <summary>
/// Brings one object from what is to what should be. Level-based: it looks at the present state only, may be called at any
/// time, and never twice at once for one key. An exception is retried with backoff; <see cref="TerminalException"/> is not,
/// until the object changes.
/// </summary>
internal interface IReconciler
{
    /// <summary>For logs and metrics: "template", "pool", "clone", "node".</summary>
    string Name { get; }

    Task<ReconcileResult> ReconcileAsync(ObjectKey key, CancellationToken cancellationToken);
}

/// <summary>What is left after a reconcile: nothing until something changes, or another look after a while.</summary>
internal readonly record struct ReconcileResult(TimeSpan? RequeueAfter)
{
    public static ReconcileResult Done { get; }

    public static ReconcileResult After(TimeSpan time) => new(time);

    /// <summary>The sooner of the two.</summary>
    public ReconcileResult Or(ReconcileResult other) =>
        RequeueAfter is not { } mine ? other
        : other.RequeueAfter is not { } others ? this
        : After(mine < others ? mine : others);
}

/// <summary>Trying again changes nothing until the object does.</summary>
internal sealed class TerminalException(string message, Exception? inner = null) : Exception(message, inner);
