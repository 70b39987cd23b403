using Templating.Core.Capacity;
using Templating.Core.Linux;

namespace Templating.Node.Authorization;

/// <summary>Who may act for which tenants (everybody not named: for none), and what a tenant may take of the node.</summary>
internal sealed class Policy(IReadOnlyList<PolicyRule> rules, bool acceptCertificateTenants, PolicyLimits limits)
{
    /// <summary>A certificate may name its tenants itself: <c>templating://tenants/NAME</c>, or <c>*</c> for all.</summary>
    private const string TenantUri = "templating://tenants/";

    private static readonly uint OwnUid = LibC.EffectiveUser();

    /// <summary>What holds without a policy file.</summary>
    public static Policy Default { get; } = new([], acceptCertificateTenants: true, PolicyLimits.None);

    public TenantLimits LimitsOf(string tenant) => limits.Of(tenant);

    public TenantSet TenantsOf(Peer peer)
    {
        var granted = rules.Where(rule => rule.Matches(peer)).SelectMany(rule => rule.Tenants);
        return peer switch
        {
            // Root and our own user can reach the store and the QEMUs without us: refusing them protects nothing.
            UnixPeer unix when unix.Uid == 0 || unix.Uid == OwnUid => TenantSet.All,
            CertificatePeer certificate when acceptCertificateTenants => TenantSet.Of([.. granted, .. Named(certificate)]),
            _ => TenantSet.Of([.. granted]),
        };
    }

    private static IEnumerable<string> Named(CertificatePeer certificate) => certificate.Uris
        .Where(uri => uri.StartsWith(TenantUri, StringComparison.Ordinal))
        .Select(uri => uri[TenantUri.Length..])
        .Where(name => name is "*" || Contract.Labels.IsLabel(name));
}

/// <summary>Grants tenants to the peers that match its one criterion.</summary>
internal abstract record PolicyRule(IReadOnlyList<string> Tenants)
{
    public abstract bool Matches(Peer peer);
}

internal sealed record UidRule(uint Uid, IReadOnlyList<string> Tenants) : PolicyRule(Tenants)
{
    public override bool Matches(Peer peer) => peer is UnixPeer unix && unix.Uid == Uid;
}

internal sealed record GidRule(uint Gid, IReadOnlyList<string> Tenants) : PolicyRule(Tenants)
{
    public override bool Matches(Peer peer) => peer is UnixPeer unix && unix.Gid == Gid;
}

internal sealed record CommonNameRule(string CommonName, IReadOnlyList<string> Tenants) : PolicyRule(Tenants)
{
    public override bool Matches(Peer peer) => peer is CertificatePeer certificate && string.Equals(certificate.CommonName, CommonName, StringComparison.Ordinal);
}

internal sealed record UriRule(string Uri, IReadOnlyList<string> Tenants) : PolicyRule(Tenants)
{
    public override bool Matches(Peer peer) => peer is CertificatePeer certificate && certificate.Uris.Contains(Uri, StringComparer.Ordinal);
}
