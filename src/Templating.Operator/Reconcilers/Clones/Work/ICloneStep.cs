namespace Templating.Operator.Reconcilers.Clones.Work;

/// <summary>
/// One step of bringing a VMClone to what it should be. A step looks at what is, does at most one thing, and says whether the
/// next one has anything to do.
/// </summary>
internal interface ICloneStep
{
    Task<StepResult> RunAsync(CloneWork work, CancellationToken cancellationToken);
}

internal enum StepResult
{
    Next,

    /// <summary>The pass ends here: the status is written.</summary>
    End,
}
