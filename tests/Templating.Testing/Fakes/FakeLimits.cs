using Templating.Core.Capacity;

namespace Templating.Testing.Fakes;

/// <summary>Limits that a test sets, and changes as a policy file does.</summary>
public sealed class FakeLimits : ITenantLimits
{
    public Dictionary<string, TenantLimits> Named { get; } = new(StringComparer.Ordinal);

    public TenantLimits Of(string tenant) => Named.GetValueOrDefault(tenant, new TenantLimits());
}
