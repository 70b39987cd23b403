using Templating.Contract;
using Templating.Core.Errors;
using Templating.Core.Pools;
using Templating.Node.Authorization;

namespace Templating.Node.Mapping;

/// <summary>Reads requests about pools.</summary>
internal static class PoolReader
{
    public static (PoolName Name, PoolSpec Spec) Set(V1.SetPoolRequest request, Caller caller)
    {
        var pool = request.Pool ?? new V1.Pool();
        var name = NameReader.Pool("pool.name", pool.Name, caller);
        var faults = new Faults();
        var (template, revision) = NameReader.Template("pool.template", pool.Template, caller, faults);
        faults.Require(
            faults.All.Count > 0 || template.Tenant == name.Tenant, "pool.template",
            $"It is tenant '{template.Tenant}'s; a pool has VMs of its own tenant's templates, '{name.Tenant}'.");
        faults.Require(pool.Sizes is not null, "pool.sizes", "They are missing; give restored, prepared or both.");
        var sizes = pool.Sizes ?? new V1.PoolSizes();
        faults.AddRange(PoolRules.Check("pool.sizes", sizes.Restored, sizes.Prepared, sizes.MaxRestored, sizes.Spare));
        faults.ThrowIfAny();
        return (name, new PoolSpec
        {
            Template = template.Name,
            Revision = revision,
            Sizes = new PoolSizes { Restored = sizes.Restored, Prepared = sizes.Prepared, MaxRestored = sizes.MaxRestored, Spare = sizes.Spare },
        });
    }
}
