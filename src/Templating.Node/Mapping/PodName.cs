namespace Templating.Node.Mapping;

/// <summary>The name of a VM pod of a node.</summary>
internal readonly record struct PodName(string Tenant, string Uid)
{
    public override string ToString() => $"tenants/{Tenant}/pods/{Uid}";
}
