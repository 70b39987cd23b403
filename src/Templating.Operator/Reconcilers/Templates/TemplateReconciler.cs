using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;

namespace Templating.Operator.Reconcilers.Templates;

/// <summary>Brings a VMTemplate to its nodes, or away from them.</summary>
internal sealed class TemplateReconciler(
    ICache<VMTemplate> templates, Builds builds, TemplateRemoval removal, TemplateHold hold, TemplateRollout rollout, TemplateStatusWriter status,
    Refusals refusals, TimeProvider time) : IReconciler
{
    public string Name => "template";

    public async Task<ReconcileResult> ReconcileAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        if (templates.Get(key) is not { } template)
        {
            builds.CancelAll(key);
            return ReconcileResult.Done;
        }

        try
        {
            var left = await RunAsync(key, template, cancellationToken);
            refusals.Passed(template.Metadata.Uid);
            return left;
        }
        catch (Exception error) when (Refusal.Of(error) is not null)
        {
            var now = templates.Get(key) is { } cached && cached.Metadata.Uid == template.Metadata.Uid ? cached : template;
            if (TemplateStatus.Refused(now, refusals, error, time.GetUtcNow()) is { } told)
            {
                await status.WriteAsync(now, told, cancellationToken);
            }

            throw;
        }
    }

    private async Task<ReconcileResult> RunAsync(ObjectKey key, VMTemplate template, CancellationToken cancellationToken)
    {
        if (template.Metadata.DeletionTimestamp is not null)
        {
            return await removal.RunAsync(template, cancellationToken);
        }

        if (TemplateRules.Check(template) is { Count: > 0 } faults)
        {
            builds.CancelAll(key);
            await status.WriteAsync(template, TemplateStatus.Invalid(template, faults, time.GetUtcNow()), cancellationToken);
            return ReconcileResult.Done;
        }

        // Before the first file is on a node: whatever happens then, somebody takes it away again.
        template = await hold.TakeAsync(template, cancellationToken);
        return await rollout.RunAsync(template, cancellationToken);
    }
}
