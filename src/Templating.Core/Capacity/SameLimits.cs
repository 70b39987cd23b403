namespace Templating.Core.Capacity;

/// <summary>The same limits for every tenant, for ever.</summary>
public sealed class SameLimits(TenantLimits limits) : ITenantLimits
{
    /// <summary>What holds without a policy.</summary>
    public static SameLimits Defaults { get; } = new(new TenantLimits());

    public TenantLimits Of(string tenant) => limits;
}
