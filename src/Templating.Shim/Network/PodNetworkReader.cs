using System.Net;
using Templating.OwnerPort.Requests;
using Templating.Shim.Errors;

namespace Templating.Shim.Network;

/// <summary>Judges what the kernel tells of a namespace: what a guest is given, what it does without, and what it cannot do without.</summary>
internal sealed class PodNetworkReader
{
    /// <summary>docs/guest-protocol.md, "The owner's port"; and each card needs one of the VM's ports, as images and disks do.</summary>
    private const int MostCards = 8, MostAddresses = 32, MostRoutes = 64, MostNeighbours = 64;

    /// <summary>Of a card plugged in by the daemon (protos/templating/v1/devices.proto).</summary>
    private const uint LeastMtu = 68, MostMtu = 65_521;

    /// <summary>
    /// Whose frames pass the ingress queue in which they are taken, and are sent by nothing of the namespace itself, as those of a tunnel are. The
    /// empty one is a card of the host.
    /// </summary>
    private static readonly string[] Kinds = ["", "veth", "macvlan", "ipvlan", "vlan"];

    private readonly List<string> _refused = [];
    private readonly List<string> _warnings = [];
    private readonly NetworkEntries _entries;
    private readonly ILookup<int, AddressEntry> _addresses;
    private readonly ILookup<int, RouteEntry> _routes;
    private readonly ILookup<int, NeighbourEntry> _neighbours;

    private PodNetworkReader(NetworkEntries entries)
    {
        _entries = entries;
        _addresses = entries.Addresses.ToLookup(a => a.Index);
        _routes = entries.Routes.Where(r => r.Table == RouteEntry.MainTable).ToLookup(r => r.Index);
        _neighbours = entries.Neighbours.ToLookup(n => n.Index);
    }

    /// <exception cref="ShimException">There is what a guest cannot be given, all of it by name.</exception>
    public static PodNetwork Read(NetworkEntries entries) => new PodNetworkReader(entries).Read();

    private PodNetwork Read()
    {
        var links = _entries.Links.Where(l => l is { IsUp: true, IsLoopback: false } && !PodInterface.IsTap(l.Name)).OrderBy(l => l.Index).Where(IsCard).ToList();
        if (links.Count > MostCards)
        {
            _refused.Add($"{links.Count} interfaces that are up: a VM has at most {MostCards}");
        }

        foreach (var alike in links.GroupBy(l => l.Mac).Where(g => g.Count() > 1))
        {
            _refused.Add($"the interfaces {Names(alike)}, which have one MAC: a guest's cards are known by theirs");
        }

        if (_entries.Rules.Count(r => !r.IsUsual) is > 0 and var rules)
        {
            _refused.Add($"{rules} rules of routing (ip rule): a guest has the main table alone");
        }

        var routes = RoutesOf(links);
        var cards = links.Select(link => CardOf(link, routes[link.Index].ToList())).ToList();
        return _refused.Count == 0
            ? new PodNetwork(cards, _warnings)
            : throw ShimException.NotNow(
                $"The pod's network has what a VM cannot be given: {string.Join("; ", _refused)}. Change the network's plugins, or run the pod without this runtime class.");
    }

    private bool IsCard(LinkEntry link)
    {
        var reason = link switch
        {
            { IsEthernet: false } => "is no Ethernet card: tunnels and layer-3 links are not supported",
            { Master: not 0 } => "is a part of another one (a bridge or bond)",
            _ => Kinds.Contains(link.Kind) ? null : $"is of a kind that a guest's card cannot stand in for; {string.Join(", ", Kinds.Where(k => k.Length > 0))} and cards of the host are supported",
        };
        if (reason is null)
        {
            Check(link);
            return true;
        }

        (IsUsed(link) ? _refused : _warnings).Add($"the interface {Told(link)}, which {reason}");
        return false;
    }

    private bool IsUsed(LinkEntry link) => _addresses[link.Index].Any(a => !a.IsMadeFor(link)) || _routes[link.Index].Any(r => !r.IsOfTheKernel);

    private void Check(LinkEntry link)
    {
        if (link.Name.Length == 0 || link.Name[0] == '.' || link.Name.Any(c => c is <= ' ' or > '~' or '/' or ':' or '%'))
        {
            _refused.Add($"the interface {Told(link)}, whose name begins with a dot or has others than printable ASCII without / : and %");
        }

        if (link.Mtu is < LeastMtu or > MostMtu)
        {
            _refused.Add($"the interface {Told(link)} with an MTU of {link.Mtu}: {LeastMtu} to {MostMtu} can be given");
        }

        if (_entries.Links.FirstOrDefault(l => l.IsUp && l.Below == link.Index && l.Index != link.Index) is { } above)
        {
            _refused.Add($"the interface {Told(above)}, which sits on '{link.Name}': the guest takes all that comes in there");
        }
    }

    /// <summary>By the interface that each goes out at.</summary>
    private ILookup<int, RouteEntry> RoutesOf(List<LinkEntry> links)
    {
        var given = new List<RouteEntry>();
        var places = new HashSet<(IPAddress, int)>();
        foreach (var route in _entries.Routes.Where(r => r is { Table: RouteEntry.MainTable, IsOfTheKernel: false, IsLearnt: false }).OrderBy(r => r.Metric))
        {
            var link = links.Find(l => l.Index == route.Index);
            if (route.Oddity is { } oddity)
            {
                _refused.Add($"{route}: {oddity}");
            }
            else if (link is null)
            {
                // What goes by an interface that cannot be given was told with it; one that is down has no routes.
                if (_entries.Links.FirstOrDefault(l => l.Index == route.Index) is null or { IsLoopback: true })
                {
                    _refused.Add($"{route}: it goes by no card");
                }
            }
            else if (places.Add((route.To, route.Prefix)))
            {
                given.Add(route);
                Warn(route, link);
            }
            else
            {
                _warnings.Add($"{route} by '{link.Name}' is left out: there is a better one, and a guest has one to each place");
            }
        }

        return given.ToLookup(r => r.Index);
    }

    private void Warn(RouteEntry route, LinkEntry link)
    {
        if (route.HasSettings)
        {
            _warnings.Add($"{route} by '{link.Name}' has settings of its own (ip route ... METRICS), which the guest does without");
        }

        if (route.Source is not null && _addresses[link.Index].Count(a => a.Family == route.Family && !a.IsMadeFor(link)) > 1)
        {
            _warnings.Add($"{route} by '{link.Name}' is for packets from {route.Source}: the guest chooses among the card's addresses by itself");
        }
    }

    private PodInterface CardOf(LinkEntry link, List<RouteEntry> routes)
    {
        var (addresses, peers) = AddressesOf(link, routes);
        PodNeighbour[] neighbours = [.. _neighbours[link.Index]
            .Where(n => n is { IsPermanent: true, Address: not null } && n.Mac?.GetAddressBytes().Length == 6).Select(n => new PodNeighbour(n.Address!, n.Mac!))];

        // A gateway is found by a route to it, which has to be there first.
        PodRoute[] all = [.. peers, .. routes.OrderBy(r => r.Gateway is null ? 0 : 1)
            .Select(r => new PodRoute(new PodAddress(r.To, r.Prefix), r.Gateway, r.Gateway is not null && r.IsOnLink))];
        Limit(link, addresses.Count, MostAddresses, "addresses");
        Limit(link, all.Length, MostRoutes, "routes");
        Limit(link, neighbours.Length, MostNeighbours, "permanent neighbours");
        return new PodInterface
        {
            Index = link.Index,
            Name = link.Name,
            Mac = link.Mac,
            Mtu = (int)link.Mtu,
            RouteMtu = (int)routes.Select(r => r.Mtu).Where(mtu => mtu >= LeastMtu).Append(link.Mtu).Min(),
            Addresses = addresses,
            Routes = all,
            Neighbours = neighbours,
        };
    }

    private (List<PodAddress> Addresses, List<PodRoute> Peers) AddressesOf(LinkEntry link, List<RouteEntry> routes)
    {
        var (addresses, peers) = (new List<PodAddress>(), new List<PodRoute>());
        foreach (var address in _addresses[link.Index].Where(a => !a.IsMadeFor(link)))
        {
            if (address.IsDuplicate)
            {
                _refused.Add($"the address {address.Address} of '{link.Name}', which another host on that network has");
            }
            else if (address is { Family: Inet.V6, IsTemporary: true })
            {
                _warnings.Add($"the address {address.Address} of '{link.Name}' was learnt from a router: the guest learns its own");
            }
            else
            {
                addresses.Add(new PodAddress(address.Address, HasNetwork(address, routes) ? address.Prefix : Inet.Bits(address.Family)));
                if (address.Peer is { } peer)
                {
                    peers.Add(new PodRoute(new PodAddress(Inet.NetworkOf(peer, address.Prefix), address.Prefix)));
                }
            }
        }

        return (addresses, peers);
    }

    /// <summary>
    /// Whether the address makes a route to its whole network, as the kernel does of itself. Plugins take that route away where the host
    /// routes between pods, and the guest's must not have it either. In IPv4 one that is put in its place takes it away there, too.
    /// </summary>
    private bool HasNetwork(AddressEntry address, List<RouteEntry> routes)
    {
        var network = Inet.NetworkOf(address.Address, address.Prefix);
        return address.Peer is null && (_routes[address.Index].Any(r => r.IsOfTheKernel && IsThat(r)) || (address.Family == Inet.V4 && routes.Exists(r => r.Metric == 0 && IsThat(r))));

        bool IsThat(RouteEntry route) => route.Prefix == address.Prefix && route.To.Equals(network);
    }

    private void Limit(LinkEntry link, int found, int limit, string what)
    {
        if (found > limit)
        {
            _refused.Add($"{found} {what} of '{link.Name}': a guest's card is given at most {limit}");
        }
    }

    private static string Told(LinkEntry link) => link.Kind.Length == 0 ? $"'{link.Name}'" : $"'{link.Name}' ({link.Kind})";

    private static string Names(IEnumerable<LinkEntry> links) => string.Join(", ", links.Select(Told));
}
