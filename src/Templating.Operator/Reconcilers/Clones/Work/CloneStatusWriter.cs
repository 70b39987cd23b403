namespace Templating.Operator.Reconcilers.Clones.Work;

/// <summary>Writes a pass's status, where it differs from what is there.</summary>
internal sealed class CloneStatusWriter(StatusApply status)
{
    public async Task WriteAsync(CloneWork work, CancellationToken cancellationToken)
    {
        work.Status.ObservedGeneration = work.Clone.Metadata.Generation;
        work.Status.Conditions = work.Conditions.ToList();
        work.Written(await status.WriteAsync(work.Clone, work.Status, cancellationToken));
    }
}
