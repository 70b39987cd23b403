using Templating.Core.Errors;

namespace Templating.Node.Authorization;

/// <summary>A peer and what it may do.</summary>
internal sealed record Caller(Peer Peer, TenantSet Tenants)
{
    /// <summary>Root of this machine could read any file anyway.</summary>
    public bool IsHostRoot => Peer is UnixPeer { Uid: 0 };

    /// <summary>Said before anything is looked up, so that it tells nothing about what the tenant has.</summary>
    public void Require(string tenant)
    {
        if (!Tenants.Contains(tenant))
        {
            throw new TemplatingException(
                ErrorCode.PermissionDenied,
                $"The caller may not act for tenant '{tenant}'. Ask whoever runs the node to grant it (docs/authorization.md).");
        }
    }

    public void RequireAllTenants()
    {
        if (!Tenants.IsAll)
        {
            throw new TemplatingException(
                ErrorCode.PermissionDenied,
                "Only a caller that may act for all tenants may do this. Ask whoever runs the node (docs/authorization.md).");
        }
    }
}
