namespace Templating.Core.Capacity;

/// <summary>The limits in force, which may change while the node runs: they count for what comes, and take nothing away.</summary>
public interface ITenantLimits
{
    TenantLimits Of(string tenant);
}
