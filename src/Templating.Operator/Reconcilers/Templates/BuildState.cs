namespace Templating.Operator.Reconcilers.Templates;

/// <summary>A build of a template on a node, as it is or as it ended. Immutable.</summary>
/// <param name="RequestId">Of what it builds: see <see cref="NodeRequests"/>.</param>
/// <param name="Failure">Null while it runs or waits.</param>
/// <param name="Failures">In a row, of this request.</param>
/// <param name="RetryAt">When a failed one is to be tried again, by the process's steady clock.</param>
/// <param name="Before">How the one before it failed, of the same request: while it is tried again that is still what is known.</param>
internal sealed record BuildState(
    string Revision, string RequestId, bool IsRunning, string Phase, BuildFailure? Failure, int Failures, TimeSpan RetryAt,
    BuildFailure? Before = null);

/// <param name="Reason">One of Reasons.</param>
internal sealed record BuildFailure(string Reason, string Message);
