using System.Text.Json.Serialization;
using Templating.Contract;

namespace Templating.Core.Pools;

/// <summary>Both parts are RFC 1123 labels. The id is unique within its tenant.</summary>
public readonly record struct PoolName(string Tenant, string Id)
{
    [JsonIgnore]
    public bool IsValid => Labels.IsLabel(Tenant) && Labels.IsLabel(Id);

    public override string ToString() => $"tenants/{Tenant}/pools/{Id}";
}
