using Templating.Core.Names;

namespace Templating.Core.Pools;

/// <summary>What a pool is asked to be.</summary>
public sealed record PoolSpec
{
    /// <summary>Of the pool's tenant.</summary>
    public required string Template { get; init; }

    /// <summary>Null for the newest, whichever that is.</summary>
    public string? Revision { get; init; }

    public required PoolSizes Sizes { get; init; }

    internal TemplateName TemplateOf(PoolName pool) => new(pool.Tenant, Template);
}
