using Templating.Testing.Nodes;
using Templating.V1;

namespace Templating.IntegrationTests.Node;

/// <summary>
/// Guests that ask for their address: what gives it to them remembers the template, and the forwarded ports lead to one address. The
/// daemon is in a network namespace of its own, where an interface stands for the world.
/// </summary>
public sealed class DhcpTests : NodeTest
{
    /// <summary>Takes what it is given, as any client does, and notes it.</summary>
    private const string Client = """
        cat >/run/dhcp <<'END'
        #!/bin/sh
        [ -n "$ip" ] || exit 0
        ip address flush dev "$interface"
        ip address add "$ip/${mask:-24}" dev "$interface"
        ip route add default via "$router"
        echo "$1 $ip" >>/run/leases
        END
        chmod 755 /run/dhcp
        udhcpc -i eth0 -t 10 -T 1 -n -p /run/udhcpc.pid -s /run/dhcp
        """;

    /// <summary>Its lease renewed; then another client, with another idea of who it is.</summary>
    private static readonly string[] Renewals =
    [
        "kill -USR1 $(cat /run/udhcpc.pid)",
        "kill -USR2 $(cat /run/udhcpc.pid); kill -USR1 $(cat /run/udhcpc.pid)",
        "kill $(cat /run/udhcpc.pid); udhcpc -i eth0 -t 10 -T 1 -n -q -s /run/dhcp -x 0x3d:ff0011223344556677",
        "udhcpc -i eth0 -t 10 -T 1 -n -q -s /run/dhcp -C",
    ];

    [Fact]
    public async Task ForwardedPortsLeadToAGuestThatAsksForItsAddressHoweverAndWheneverItDoes()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return; // network namespaces are root's to give
        }

        using var folder = new NodeFolder();
        using var daemon = NodeDaemon.Launch(
            folder, settings: null, "/usr/bin/unshare", "--net", "/bin/sh", "-c",
            "ip link set lo up && ip link add world type bridge && ip address add 192.0.2.77/24 dev world && ip link set world up && "
            + "ip route add default via 192.0.2.1 && exec \"$@\"",
            "sh");
        try
        {
            await daemon.WaitServingAsync(Limit);
            var spec = GuestSpecs.Web();
            spec.Readiness.WarmUp.Add(new Command { Arguments = { "sh", "-c", Client } });
            await daemon.Client.BuildAsync("web", spec, Limit);

            await Task.WhenAll(IsReachedAsync(daemon, outbound: false), IsReachedAsync(daemon, outbound: true));
        }
        finally
        {
            await daemon.StopAsync(Limit);
        }
    }

    private async Task IsReachedAsync(NodeDaemon daemon, bool outbound)
    {
        var clone = await daemon.Client.CloneAsync(Limit, request =>
            request.Spec.Network = new NetworkSpec { Outbound = outbound, Forwards = { new PortForward { GuestPort = 80 } } });
        (await FetchAsync(daemon, clone)).ShouldContain(clone.Id, Case.Sensitive, "as it was frozen");

        foreach (var renewal in Renewals)
        {
            var done = await daemon.Client.ShellAsync(
                clone, $"before=$(wc -l </run/leases); {renewal}; while [ $(wc -l </run/leases) = $before ]; do usleep 20000; done; tail -n 1 /run/leases", Limit);

            done.Output.Trim().ShouldEndWith(" 10.0.2.15", Case.Sensitive, $"{renewal}: {done.Error}");
            (await FetchAsync(daemon, clone)).ShouldContain(clone.Id, Case.Sensitive, renewal);
        }
    }

    /// <summary>From the daemon's host, which is its network namespace.</summary>
    private async Task<string> FetchAsync(NodeDaemon daemon, VmClone clone)
    {
        var page = await Programs.RunAsync(
            "/usr/bin/nsenter",
            [$"--net=/proc/{daemon.Pid}/ns/net", "curl", "-sS", "--max-time", "20", $"http://127.0.0.1:{clone.Network.Forwards[0].HostPort}/"], Limit);
        return page.Output + page.Error;
    }
}
