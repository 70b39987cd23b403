using Templating.Kubernetes;
using Templating.Kubernetes.Resources;
using Templating.Operator.Cluster;
using Templating.Operator.Pods;

namespace Templating.Operator.Reconcilers.Clones.Work;

/// <summary>What a VMClone's VM is made from: its template, by way of its pool where it names one.</summary>
internal sealed record CloneSource(VMPool? Pool, VMTemplate? Template, string? Revision, string? Reason, string Message)
{
    public static CloneSource Of(VMClone clone, ICache<VMPool> pools, ICache<VMTemplate> templates)
    {
        var ns = clone.Metadata.NamespaceProperty;
        VMPool? pool = null;
        if (clone.Spec.Pool is { } poolName)
        {
            pool = pools.Get(new ObjectKey(ns, poolName));
            if (pool is null || pool.Metadata.DeletionTimestamp is not null)
            {
                return new(null, null, null, Reasons.PoolNotFound, $"There is no pool '{poolName}' in this namespace; make one, or name a template.");
            }
        }

        var name = pool?.Spec.Template ?? clone.Spec.Template ?? "";
        var template = templates.Get(new ObjectKey(ns, name));
        if (template is null || template.Metadata.DeletionTimestamp is not null)
        {
            return new(pool, null, null, Reasons.TemplateNotFound, $"There is no template '{name}' in this namespace; make one.");
        }

        return TemplateRevisions.Usable(template, pool?.Status?.Revision) is { } revision
            ? new(pool, template, revision, null, "")
            : new(pool, template, null, Reasons.TemplateNotReady, TemplateRevisions.Problem(template));
    }
}
