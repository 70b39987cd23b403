using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;

namespace Templating.Operator.Reconcilers.Templates;

/// <summary>A VMTemplate that is deleted: when nobody uses it any more its files go from the nodes, then its finalizer.</summary>
internal sealed class TemplateRemoval(
    TemplateUsers users, Builds builds, FilesRemoval files, TemplateHold hold, TemplateStatusWriter status, TimeProvider time)
{
    private const int NamedUsers = 5;

    private static readonly TimeSpan LookAgainIn = TimeSpan.FromSeconds(10);

    public async Task<ReconcileResult> RunAsync(VMTemplate template, CancellationToken cancellationToken)
    {
        if (!TemplateHold.Has(template))
        {
            return ReconcileResult.Done;
        }

        var key = ObjectKey.Of(template);
        if (users.Of(key) is { Count: > 0 } inUse)
        {
            var more = inUse.Count > NamedUsers ? $" and {inUse.Count - NamedUsers} more" : "";
            await TellAsync(template, Reasons.InUse, $"It is used by {string.Join(", ", inUse.Take(NamedUsers))}{more}.", cancellationToken);
            // Their end wakes us; this is for what does not.
            return ReconcileResult.After(TimeSpan.FromMinutes(1));
        }

        if (builds.CancelAll(key))
        {
            await TellAsync(template, Reasons.Deleting, "A build is being cancelled.", cancellationToken);
            return ReconcileResult.After(LookAgainIn);
        }

        if (await files.RunAsync(template, cancellationToken) is { Count: > 0 } waits)
        {
            await TellAsync(template, Reasons.Deleting, $"Its files are not gone: {string.Join("; ", waits)}.", cancellationToken);
            return ReconcileResult.After(LookAgainIn);
        }

        await hold.ReleaseAsync(template, cancellationToken);
        return ReconcileResult.Done;
    }

    private Task TellAsync(VMTemplate template, string reason, string message, CancellationToken cancellationToken) =>
        status.WriteAsync(template, TemplateStatus.Deleting(template, reason, message, time.GetUtcNow()), cancellationToken);
}
