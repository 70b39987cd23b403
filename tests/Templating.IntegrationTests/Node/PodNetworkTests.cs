using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Templating.Contract;
using Templating.Core.Linux;
using Templating.OwnerPort.Conversations;
using Templating.OwnerPort.Processes;
using Templating.OwnerPort.Requests;
using Templating.Shim.Network;
using Templating.Testing;
using Templating.Testing.Nodes;
using Templating.Testing.Qemu;
using Templating.V1;
using Xunit.Abstractions;
using TestNetwork = Templating.Testing.Nodes.PodNetwork;

namespace Templating.IntegrationTests.Node;

/// <summary>A container in a real guest has the pod's network, as CNI made it on the host.</summary>
public sealed class PodNetworkTests(SandboxNode fixture, ITestOutputHelper output) : NodeTest, IClassFixture<SandboxNode>
{
    private const int MiB = 1 << 20;

    private TestNode Node => fixture.Node;

    [Fact]
    public async Task AContainerAnswersAtThePodsAddressesAndMegabytesGoBothWaysWhole()
    {
        using var pod = await TestNetwork.MakeAsync();
        using var outside = await TestNetwork.MakeAsync();
        await pod.RunAsync($"""
            ip link add eth0 address 02:00:00:00:00:10 mtu 1450 type veth peer name far netns {outside.Path}; ip link set eth0 up
            ip address add 10.88.0.7/16 dev eth0; ip -6 address add fd00:88::7/64 dev eth0 nodad
            nsenter --net={outside.Path} ip link set far mtu 1450 up; nsenter --net={outside.Path} ip address add 10.88.0.1/16 dev far
            nsenter --net={outside.Path} ip -6 address add fd00:88::1/64 dev far nodad; nsenter --net={outside.Path} ip link set lo up
            nsenter --net={outside.Path} ip address add 192.0.2.1/32 dev lo
            ip route add default via 10.88.0.1; ip -6 route add default via fd00:88::1
            """);
        using var tree = new TempFolder();
        using var owner = new SandboxOwner();
        var image = await PublishAsync(tree);
        using var sandbox = await SandboxCall.AcquireAsync(Node.Client, "network", owner.Pid, Limit);
        var root = (await PlugAsync(sandbox, new PlugCloneRequest { Image = new PlugImage { Digest = image } })).Bridge;

        var card = Templating.Shim.Network.PodNetwork.Read(pod.Path).Interfaces.ShouldHaveSingleItem();
        var mac = MacText.Of(card.Mac.GetAddressBytes());
        await PlugAsync(sandbox, new PlugCloneRequest { Nic = new PlugNic { NetworkNamespace = pod.Path, Tap = card.TapName, Mac = mac, Mtu = card.Mtu } });
        Redirection.Connect(pod.Path, card.Name, card.TapName);

        await using var port = await OwnerPortConnection.ConnectAsync(sandbox.Sandbox.Connection.OwnerPort, options: null, Limit);
        await port.SetUpNetworkAsync(card.ToSetup(), Limit);
        var mounted = await port.MountAsync(
            new RootMount { Name = "one", Image = GuestDevice.AtPciAddress(root), UpperMemoryBytes = MiB, Wait = TimeSpan.FromSeconds(30) }, Limit);
        var script = "ifconfig eth0; nc -ll -p 9000 -e cat & nc -w 60 192.0.2.1 9001 -e cat; wait";
        using var listener = Inside(outside, AddressFamily.InterNetwork);
        listener.Bind(new IPEndPoint(IPAddress.Parse("192.0.2.1"), 9001));
        listener.Listen();
        var main = await port.RunAsync(new ProcessStart("main", OciDocuments.Config(mounted.Path, "sh", "-c", script)), Limit);

        using (var called = await listener.AcceptAsync(Limit))
        {
            ((IPEndPoint)called.RemoteEndPoint!).Address.ShouldBe(IPAddress.Parse("10.88.0.7"), "through the gateway");
            await EchoAsync(called, "from the container, by the default route");
        }

        var said = new byte[4000];
        System.Text.Encoding.ASCII.GetString(said, 0, await main.Output.ReadAsync(said, Limit)).ShouldSatisfyAllConditions(
            s => s.ShouldContain("HWaddr 02:00:00:00:00:10"), s => s.ShouldContain("MTU:1450"), s => s.ShouldContain("inet addr:10.88.0.7 "));
        foreach (var address in (string[])["10.88.0.7", "fd00:88::7"])
        {
            using var caller = await CallAsync(outside, IPAddress.Parse(address));
            await EchoAsync(caller, $"to {address}");
        }

        await port.DisposeAsync();
        await Node.Client.Sandboxes.ReleaseSandboxAsync(new ReleaseSandboxRequest { Name = sandbox.Clone.Name }, cancellationToken: Limit);
        Redirection.Disconnect(pod.Path, card.Name, card.TapName);
        (await pod.RunAsync("ip -o link; tc qdisc show dev eth0")).ShouldSatisfyAllConditions(l => l.ShouldNotContain("tmpl"), l => l.ShouldNotContain("ingress"));
        await NothingIsLeftAsync(Node);
    }

    private async Task<string> PublishAsync(TempFolder tree)
    {
        var made = await Programs.RunAsync("/bin/bash", ["-ec", $"""
            cd {tree.Path} && chmod 755 . && mkdir bin dev proc tmp
            cpio -i --quiet --to-stdout ./bin/busybox bin/busybox <{GuestArtifacts.Locate().Initrd} >bin/busybox && chmod 755 bin/busybox
            for name in cat ifconfig nc sh; do ln -s busybox bin/$name; done
            """], CancellationToken.None);
        made.ExitCode.ShouldBe(0, made.Error);
        await Node.Daemon.StopAsync(Limit);
        await Node.RestartAsync(("IMAGES_FOLDERS", Path.GetDirectoryName(tree.Path)!));
        return (await Node.Client.Images.PublishImageAsync(
            new PublishImageRequest { Tenant = PreparedStore.Tenant, Folder = tree.Path }, cancellationToken: Limit)).Digest;
    }

    private async Task<PluggedDevice> PlugAsync(SandboxCall sandbox, PlugCloneRequest request)
    {
        request.Name = sandbox.Clone.Name;
        return (await Node.Client.Sandboxes.PlugDeviceAsync(request, cancellationToken: Limit)).Device;
    }

    private static Socket Inside(TestNetwork network, AddressFamily family)
    {
        using var inside = NetworkNamespace.TryOpen(network.Path, out _).ShouldNotBeNull();
        return inside.Within(() => new Socket(family, SocketType.Stream, ProtocolType.Tcp));
    }

    /// <summary>The program may not listen yet.</summary>
    private async Task<Socket> CallAsync(TestNetwork from, IPAddress address)
    {
        Socket? connected = null;
        await Eventually.UntilAsync(
            async () =>
            {
                var caller = Inside(from, address.AddressFamily);
                try
                {
                    await caller.ConnectAsync(new IPEndPoint(address, 9000), Limit);
                    connected = caller;
                    return true;
                }
                catch (SocketException)
                {
                    caller.Dispose();
                    return false;
                }
            }, $"{address} answers", cancellationToken: Limit);
        return connected!;
    }

    /// <summary>Out and back again by a program that repeats what it is told.</summary>
    private async Task EchoAsync(Socket socket, string way)
    {
        var sent = RandomNumberGenerator.GetBytes(8 * MiB);
        var got = new byte[sent.Length];
        var start = TimeProvider.System.GetTimestamp();
        await using var stream = new NetworkStream(socket, ownsSocket: false);
        var sending = stream.WriteAsync(sent, Limit);
        await stream.ReadExactlyAsync(got, Limit);
        await sending;
        SHA256.HashData(got).ShouldBe(SHA256.HashData(sent), way);
        output.WriteLine($"8 MiB {way} and back: {TimeProvider.System.GetElapsedTime(start).TotalMilliseconds:0} ms");
    }
}
