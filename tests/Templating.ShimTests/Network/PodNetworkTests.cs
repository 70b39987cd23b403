using System.Net;
using System.Net.NetworkInformation;
using System.Text.Json.Nodes;
using Templating.OwnerPort.Requests;
using Templating.Shim.Errors;
using Templating.Shim.Network;

namespace Templating.ShimTests.Network;

/// <summary>Real namespaces, filled by <c>ip</c> as plugins of CNI do it, and read as <c>ip</c> reads them.</summary>
public sealed class PodNetworkTests
{
    /// <summary>The far end of a pod's interface is in another namespace, as the node's is.</summary>
    private const string Pair = "ip link set lo up; ip link add eth0 address 02:00:00:00:00:10 mtu 1450 type veth peer name far netns $node; nsenter --net=$node ip link set far up; ip link set eth0 up; ";

    [Fact]
    public async Task WhatThePluginBridgeMakesIsReadAsIpReadsIt()
    {
        using var pod = await TestNetworks.MakeAsync(Pair + """
            ip address add 10.88.0.7/16 dev eth0; ip address add 10.88.1.7/16 dev eth0; ip -6 address add fd00:88::7/64 dev eth0 nodad
            ip route add default via 10.88.0.1; ip route add 10.96.0.0/12 dev eth0; ip route add 172.20.0.0/16 via 192.0.2.1 dev eth0 onlink metric 7
            ip -6 route add default via fd00:88::1; ip -6 route add fd00:99::/48 via fe80::1 dev eth0
            ip neighbour add 10.88.0.1 lladdr 02:00:00:00:00:01 dev eth0 nud permanent; ip neighbour add 10.88.0.2 lladdr 02:00:00:00:00:02 dev eth0 nud stale
            ip neighbour add fd00:88::1 lladdr 02:00:00:00:00:01 dev eth0 nud permanent
            """);

        var network = PodNetwork.Read(pod.Pod.Path);

        network.Warnings.ShouldBeEmpty();
        var card = network.Interfaces.ShouldHaveSingleItem();
        var told = JsonNode.Parse(await pod.RunAsync("ip -j -d link show eth0"))![0]!;
        (card.Index, card.Name, card.Mtu, card.RouteMtu).ShouldBe((told["ifindex"]!.GetValue<int>(), "eth0", told["mtu"]!.GetValue<int>(), 1450));
        card.Mac.ShouldBe(PhysicalAddress.Parse(told["address"]!.GetValue<string>()));
        var addresses = JsonNode.Parse(await pod.RunAsync("ip -j address show eth0"))![0]!["addr_info"]!.AsArray()
            .Where(a => a!["scope"]!.GetValue<string>() == "global").Select(a => new PodAddress(IPAddress.Parse(a!["local"]!.GetValue<string>()), a["prefixlen"]!.GetValue<int>()));
        card.Addresses.ShouldBe(addresses, ignoreOrder: true);
        card.Routes.ShouldBe(
        [
            Route("10.96.0.0/12"), Route("0.0.0.0/0", "10.88.0.1"), Route("172.20.0.0/16", "192.0.2.1", onLink: true), Route("::/0", "fd00:88::1"), Route("fd00:99::/48", "fe80::1"),
        ], ignoreOrder: true);
        card.Routes[0].ShouldBe(Route("10.96.0.0/12"), "what a gateway is found by comes before it");
        card.Neighbours.ShouldBe(
            [new PodNeighbour(IPAddress.Parse("10.88.0.1"), PhysicalAddress.Parse("020000000001")), new PodNeighbour(IPAddress.Parse("fd00:88::1"), PhysicalAddress.Parse("020000000001"))]);
        var setup = card.ToSetup();
        (setup.Card, setup.Name, setup.Mtu, setup.Addresses, setup.Routes, setup.Neighbours).ShouldBe((card.Mac, "eth0", 1450, card.Addresses, card.Routes, card.Neighbours));
    }

    [Fact]
    public async Task WhatThePluginPtpMakesLetsNoGuestLookForItsNeighboursItself()
    {
        using var pod = await TestNetworks.MakeAsync(Pair + """
            ip address add 10.1.1.5/24 dev eth0; ip route del 10.1.1.0/24 dev eth0
            ip route add 10.1.1.1/32 dev eth0 src 10.1.1.5; ip route add 10.1.1.0/24 via 10.1.1.1 src 10.1.1.5; ip route add default via 10.1.1.1
            ip -6 address add fd00:1::5/64 dev eth0 nodad; ip -6 route del fd00:1::/64 dev eth0
            ip -6 route add fd00:1::1/128 dev eth0; ip -6 route add fd00:1::/64 via fd00:1::1
            """);

        var network = PodNetwork.Read(pod.Pod.Path);

        network.Warnings.ShouldBeEmpty();
        var card = network.Interfaces.ShouldHaveSingleItem();
        card.Addresses.ShouldBe([Address("10.1.1.5/24"), Address("fd00:1::5/128")], "a route of IPv4 takes the place of the address's, one of IPv6 would stand beside it");
        card.Routes.ShouldBe(
            [Route("10.1.1.1/32"), Route("10.1.1.0/24", "10.1.1.1"), Route("0.0.0.0/0", "10.1.1.1"), Route("fd00:1::1/128"), Route("fd00:1::/64", "fd00:1::1")], ignoreOrder: true);
    }

    [Fact]
    public async Task WhatCalicoMakesIsReadWithItsGatewayOnTheLink()
    {
        using var pod = await TestNetworks.MakeAsync(
            Pair + "ip address add 192.168.3.4/32 dev eth0; ip route add 169.254.1.1 dev eth0; ip route add default via 169.254.1.1 mtu 1400");

        var card = PodNetwork.Read(pod.Pod.Path).Interfaces.ShouldHaveSingleItem();

        card.Addresses.ShouldBe([Address("192.168.3.4/32")]);
        card.Routes.ShouldBe([Route("169.254.1.1/32"), Route("0.0.0.0/0", "169.254.1.1")]);
        (card.Mtu, card.RouteMtu, card.ToSetup().Mtu).ShouldBe((1450, 1400, 1400));
    }

    [Fact]
    public async Task SeveralInterfacesComeInTheirOrderAndEachHasItsOwnAndTheBetterOfTwoRoutes()
    {
        using var pod = await TestNetworks.MakeAsync(Pair + """
            nsenter --net=$node ip link add link far name net1 netns $pod type macvlan mode bridge; ip link set net1 up
            ip link add down type veth peer name far2 netns $node
            ip tuntap add tmpl7 mode tap; ip link set tmpl7 up
            ip address add 10.88.0.7/16 dev eth0; ip route add default via 10.88.0.1
            ip address add 10.3.0.1 peer 10.3.0.2/32 dev net1; ip address add 10.3.1.1/24 dev net1 noprefixroute; ip -6 address add fe80::77/64 dev net1 nodad
            ip route add default via 10.3.0.2 dev net1 metric 50; ip route add 10.4.0.0/16 via 10.3.0.2 src 10.3.0.1 advmss 1000
            """);

        var network = PodNetwork.Read(pod.Pod.Path);

        network.Interfaces.Select(i => i.Name).ShouldBe(["eth0", "net1"]);
        network.Interfaces[0].Routes.ShouldBe([Route("0.0.0.0/0", "10.88.0.1")]);
        network.Interfaces[1].Addresses.ShouldBe([Address("10.3.0.1/32"), Address("10.3.1.1/32"), Address("fe80::77/64")]);
        network.Interfaces[1].Routes.ShouldBe([Route("10.3.0.2/32"), Route("10.4.0.0/16", "10.3.0.2")]);
        network.Warnings.Count.ShouldBe(3);
        network.Warnings.ShouldContain(w => w.StartsWith("the default route by 'net1' is left out", StringComparison.Ordinal));
        network.Warnings.ShouldContain(w => w.Contains("10.4.0.0/16 by 'net1' has settings", StringComparison.Ordinal));
        network.Warnings.ShouldContain(w => w.Contains("for packets from 10.3.0.1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task WhatAGuestCannotBeGivenIsRefusedAllOfItByName()
    {
        using var pod = await TestNetworks.MakeAsync(Pair + """
            ip address add 10.88.0.7/16 dev eth0; ip route add blackhole 10.9.0.0/16; ip rule add from 10.88.0.7 table 7
            ip route add 10.10.0.0/16 nexthop via 10.88.0.1 nexthop via 10.88.0.2; ip -6 address add fd00:88::7/64 dev eth0 nodad
            ip -6 route add fd01::/64 nexthop via fd00:88::2 nexthop via fd00:88::3
            ip tuntap add wire mode tun; ip link set wire up; ip address add 10.7.0.1/24 dev wire
            ip link add sub link eth0 type macvlan mode bridge; ip link set sub up
            ip link add tunnel type vxlan id 3 dstport 4789 remote 10.88.0.3; ip link set tunnel up; ip address add 10.8.0.1/24 dev tunnel
            ip link add .odd type veth peer name odd1 netns $node; ip link set .odd up; ip link set .odd mtu 65535
            for i in $(seq 33); do ip address add 10.89.0.$i/32 dev .odd; done
            """);

        var error = Should.Throw<ShimException>(() => PodNetwork.Read(pod.Pod.Path));

        foreach (var part in (string[])
        [
            "the route to 10.9.0.0/16: it leads to no place", "1 rules of routing", "the route to 10.10.0.0/16: it spreads over several gateways", "the route to fd01::/64: it spreads",
            "the interface 'wire' (tun), which is no Ethernet card", "the interface 'sub' (macvlan), which sits on 'eth0'", "the interface 'tunnel' (vxlan), which is of a kind",
            "the interface '.odd' (veth), whose name", "the interface '.odd' (veth) with an MTU of 65535: 68 to 65521", "33 addresses of '.odd': a guest's card is given at most 32",
            "without this runtime class",
        ])
        {
            error.Message.ShouldContain(part);
        }
    }

    [Fact]
    public async Task WhatIsNoPodsNamespaceIsRefusedWithTheReason()
    {
        using var host = await Templating.Testing.Nodes.PodNetwork.OfTheHostAsync();

        Should.Throw<ShimException>(() => PodNetwork.Read(host.Path)).Message.ShouldContain("the host's own");
        Should.Throw<ShimException>(() => PodNetwork.Read("/run/netns/none-of-that-name")).Message.ShouldContain("No such file");
        Should.Throw<ShimException>(() => PodNetwork.Read("/etc/passwd")).Message.ShouldContain("not a namespace's file");
    }

    private static PodRoute Route(string to, string? gateway = null, bool onLink = false) => new(Address(to), gateway is null ? null : IPAddress.Parse(gateway), onLink);

    private static PodAddress Address(string text) => new(IPAddress.Parse(text.Split('/')[0]), int.Parse(text.Split('/')[1], System.Globalization.CultureInfo.InvariantCulture));
}
