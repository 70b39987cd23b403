namespace Templating.Node.Pods;

internal readonly record struct PodName(string Tenant, string Uid)
{
    public override string ToString() => $"tenants/{Tenant}/pods/{Uid}";
}
