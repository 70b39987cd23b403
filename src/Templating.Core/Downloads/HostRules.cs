using System.Net;
using System.Net.Sockets;

namespace Templating.Core.Downloads;

/// <summary>
/// Which servers may be asked. The daemon is in the node's network, where a tenant is not: without rules a URL could make it
/// ask the cloud's metadata service or a neighbour's database.
/// </summary>
public sealed class HostRules(IReadOnlyList<string> hosts)
{
    private const int HttpsPort = 443;

    /// <summary>Whether the host may be asked, and whether it may be at an address of a private network: where it is named itself.</summary>
    public (bool Allowed, bool Private) Judge(string host, int port)
    {
        var authority = port == HttpsPort ? host : $"{host}:{port}";
        var isNamed = hosts.Contains(authority, StringComparer.OrdinalIgnoreCase);
        var isBelow = hosts.Any(rule => rule.StartsWith("*.", StringComparison.Ordinal)
            && authority.Length > rule.Length - 1 && authority.EndsWith(rule[1..], StringComparison.OrdinalIgnoreCase));
        return (isNamed || isBelow, isNamed);
    }

    /// <summary>Null when the URL may be asked.</summary>
    public string? FindProblem(Uri url) => url.Scheme != Uri.UriSchemeHttps ? $"'{url.Scheme}' is not allowed; only https is."
        : Judge(url.IdnHost, url.Port).Allowed ? null
        : hosts.Count == 0 ? "This node fetches nothing: whoever runs it allows hosts with --download-hosts, or puts the file into a guest folder."
        : $"The host '{url.IdnHost}' (port {url.Port}) is not among those this node fetches from; whoever runs it allows it with --download-hosts.";

    /// <summary>Not for everybody: loopback, link-local, private and shared networks, multicast (RFC 6890).</summary>
    public static bool IsPrivate(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }

        if (address.AddressFamily == AddressFamily.InterNetworkV6)
        {
            return IPAddress.IsLoopback(address) || address.IsIPv6LinkLocal || address.IsIPv6UniqueLocal || address.IsIPv6SiteLocal
                || address.IsIPv6Multicast || address.Equals(IPAddress.IPv6Any) || IsTranslated(address);
        }

        var b = address.GetAddressBytes();
        return b[0] is 0 or 10 or 127 or >= 224
            || (b[0] == 100 && b[1] is >= 64 and <= 127)
            || (b[0] == 169 && b[1] == 254)
            || (b[0] == 172 && b[1] is >= 16 and <= 31)
            || (b[0] == 192 && b[1] == 168)
            || (b[0] == 192 && b[1] == 0 && b[2] == 0)
            || (b[0] == 198 && b[1] is 18 or 19);
    }

    // NAT64 (64:ff9b::/96) and 6to4 (2002::/16) carry an IPv4 address that may be any.
    private static bool IsTranslated(IPAddress address)
    {
        var b = address.GetAddressBytes();
        return (b[0] == 0x20 && b[1] == 0x02) || (b[0] == 0 && b[1] == 0x64 && b[2] == 0xff && b[3] == 0x9b);
    }
}
