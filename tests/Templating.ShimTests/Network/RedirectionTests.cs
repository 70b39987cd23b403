using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Templating.Shim.Errors;
using Templating.Shim.Network;
using TestNetwork = Templating.Testing.Nodes.PodNetwork;

namespace Templating.ShimTests.Network;

/// <summary>
/// The kernel's redirection, with a third namespace in the guest's place: its interface has the MAC and the addresses of the pod's, as a guest's
/// card has. With a guest it is seen by PodNetworkTests of the integration tests.
/// </summary>
public sealed class RedirectionTests
{
    private const int MiB = 1 << 20;

    private const string Setup = """
        ip link add eth0 address 02:00:00:00:00:10 type veth peer name far netns $node; ip link set eth0 up
        nsenter --net=$node ip link set far up; nsenter --net=$node ip address add 10.88.0.1/16 dev far; nsenter --net=$node ip -6 address add fd00:88::1/64 dev far nodad
        ip address add 10.88.0.7/16 dev eth0; ip -6 address add fd00:88::7/64 dev eth0 nodad
        ip link add tmpl2 type veth peer name eth0 netns $guest; ip link set tmpl2 up
        nsenter --net=$guest ip link set eth0 address 02:00:00:00:00:10 up
        nsenter --net=$guest ip address add 10.88.0.7/16 dev eth0; nsenter --net=$guest ip -6 address add fd00:88::7/64 dev eth0 nodad
        """;

    [Theory]
    [InlineData("10.88.0.7", "10.88.0.1")]
    [InlineData("fd00:88::7", "fd00:88::1")]
    public async Task MegabytesGoBothWaysWholeAndTheHostsSideAnswersNoMore(string own, string node)
    {
        using var networks = await TestNetworks.MakeAsync(Setup);
        var (pod, outside) = (networks.Pod.Path, IPAddress.Parse(node));
        (await AnswersAsync(networks.Node, own)).ShouldBeTrue("the host's side does");

        Redirection.Connect(pod, "eth0", "tmpl2");
        Redirection.Connect(pod, "eth0", "tmpl2");

        await SameAsync(networks.Guest, IPAddress.Parse(own), networks.Node);
        await SameAsync(networks.Node, outside, networks.Guest);
        (await networks.RunAsync("ip -6 -o address show dev tmpl2")).ShouldBeEmpty("it says nothing to the guest by itself");
        (await networks.RunAsync("ip -o address show dev eth0")).ShouldSatisfyAllConditions(a => a.ShouldContain("10.88.0.7/16"), a => a.ShouldContain("fd00:88::7/64"));
        (await networks.RunAsync("tc filter show dev eth0 ingress | grep -c mirred; tc filter show dev tmpl2 ingress | grep -c mirred")).ShouldBe("1\n1\n", "each once");
        await networks.Guest.RunAsync("ip link set eth0 down");
        (await AnswersAsync(networks.Node, own)).ShouldBeFalse("nobody does for a guest that is silent");

        Redirection.Disconnect(pod, "eth0", "tmpl2");

        (await networks.RunAsync("tc qdisc show dev eth0; tc qdisc show dev tmpl2")).ShouldNotContain("ingress");
        Redirection.Disconnect(pod, "eth0", "tmpl2");
        (await AnswersAsync(networks.Node, own)).ShouldBeTrue();
    }

    [Fact]
    public async Task ATapThatIsGoneIsReplacedByTheNextOne()
    {
        using var networks = await TestNetworks.MakeAsync(Setup);
        Redirection.Connect(networks.Pod.Path, "eth0", "tmpl2");
        await networks.RunAsync("ip link del tmpl2");
        (await AnswersAsync(networks.Node, "10.88.0.7")).ShouldBeFalse("what leads nowhere is dropped");
        await networks.RunAsync("""
            ip link add tmpl3 type veth peer name eth0 netns $guest; ip link set tmpl3 up
            nsenter --net=$guest ip link set eth0 address 02:00:00:00:00:10 up; nsenter --net=$guest ip address add 10.88.0.7/16 dev eth0
            """);

        Redirection.Connect(networks.Pod.Path, "eth0", "tmpl3");

        await SameAsync(networks.Guest, IPAddress.Parse("10.88.0.7"), networks.Node);
        (await networks.RunAsync("tc filter show dev eth0 ingress")).ShouldSatisfyAllConditions(f => f.ShouldContain("tmpl3"), f => f.ShouldNotContain("device *"));
        await networks.RunAsync("ip link del tmpl3");
        Redirection.Disconnect(networks.Pod.Path, "eth0", "tmpl3");
        (await networks.RunAsync("tc qdisc show dev eth0")).ShouldNotContain("ingress");
    }

    [Fact]
    public async Task WhatIsAnothersStays()
    {
        using var networks = await TestNetworks.MakeAsync(Setup + """

            tc qdisc add dev eth0 clsact; tc filter add dev eth0 ingress prio 49 u32 match u8 0 0 flowid 1:1; tc filter add dev eth0 egress u32 match u8 0 0 flowid 1:1
            """);

        Redirection.Connect(networks.Pod.Path, "eth0", "tmpl2");

        await SameAsync(networks.Guest, IPAddress.Parse("10.88.0.7"), networks.Node);
        Redirection.Disconnect(networks.Pod.Path, "eth0", "tmpl2");
        (await networks.RunAsync("tc qdisc show dev eth0; tc filter show dev eth0 ingress")).ShouldSatisfyAllConditions(
            f => f.ShouldContain("clsact"), f => f.ShouldContain("pref 49"), f => f.ShouldNotContain("mirred"));
    }

    [Fact]
    public async Task WhatIsNotThereIsNamedAndTakingItAwayIsNoError()
    {
        using var networks = await TestNetworks.MakeAsync(Setup);

        Should.Throw<ShimException>(() => Redirection.Connect(networks.Pod.Path, "eth7", "tmpl2")).Message.ShouldContain("'eth7'");
        Should.Throw<ShimException>(() => Redirection.Connect(networks.Pod.Path, "eth0", "tmpl9")).Message.ShouldContain("'tmpl9'");

        (await networks.RunAsync("tc qdisc show dev eth0")).ShouldNotContain("ingress");
        Redirection.Disconnect(networks.Pod.Path, "eth7", "tmpl9");
        Redirection.Disconnect("/run/netns/none-of-that-name", "eth0", "tmpl2");
    }

    /// <summary>Whether a port on which nobody listens is refused, and not passed over.</summary>
    private static async Task<bool> AnswersAsync(TestNetwork calling, string address)
    {
        var at = IPAddress.Parse(address);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        using var caller = TestNetworks.Socket(calling, at.AddressFamily);
        try
        {
            await caller.ConnectAsync(new IPEndPoint(at, 9), limit.Token);
            return true;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.ConnectionRefused;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>From the caller to the one that listens and back again.</summary>
    private static async Task SameAsync(TestNetwork listening, IPAddress at, TestNetwork calling)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var listener = TestNetworks.Socket(listening, at.AddressFamily);
        using var caller = TestNetworks.Socket(calling, at.AddressFamily);
        listener.Bind(new IPEndPoint(at, 0));
        listener.Listen();
        await caller.ConnectAsync(listener.LocalEndPoint!, limit.Token);
        using var called = await listener.AcceptAsync(limit.Token);
        await HalfAsync(caller, called, limit.Token);
        await HalfAsync(called, caller, limit.Token);
    }

    private static async Task HalfAsync(Socket from, Socket to, CancellationToken limit)
    {
        var sent = RandomNumberGenerator.GetBytes(4 * MiB);
        var got = new byte[sent.Length];
        var sending = Task.Run(async () =>
        {
            for (var done = 0; done < sent.Length;)
            {
                done += await from.SendAsync(sent.AsMemory(done), limit);
            }
        }, limit);
        await using var stream = new NetworkStream(to, ownsSocket: false);
        await stream.ReadExactlyAsync(got, limit);
        await sending;
        SHA256.HashData(got).ShouldBe(SHA256.HashData(sent));
    }
}
