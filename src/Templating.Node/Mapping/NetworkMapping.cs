using System.Net;
using Templating.Contract;
using Templating.Core.Machines;

namespace Templating.Node.Mapping;

internal static class NetworkMapping
{
    private const int MaxForwards = 32;

    /// <summary>Null when unset.</summary>
    public static NetworkSpec? FromWire(string field, V1.NetworkSpec? network, Faults faults)
    {
        if (network is null)
        {
            return null;
        }

        faults.Require(network.Forwards.Count <= MaxForwards, $"{field}.forwards", $"It has {network.Forwards.Count} entries; at most {MaxForwards} are allowed.");
        var forwards = new List<PortForward>();
        foreach (var (index, wire) in network.Forwards.Index())
        {
            var path = $"{field}.forwards[{index}]";
            faults.Require(wire.GuestPort is >= 1 and <= 65535, $"{path}.guest_port", $"{wire.GuestPort} is not between 1 and 65535.");
            faults.Require(wire.HostPort is >= 0 and <= 65535, $"{path}.host_port", $"{wire.HostPort} is not between 0, which means any free one, and 65535.");
            faults.Require(wire.HostAddress.Length == 0 || IsIPv4(wire.HostAddress), $"{path}.host_address", $"{Quote.Text(wire.HostAddress)} is not an IPv4 address.");
            var forward = FromWire(wire);
            var taken = forward.HostPort != 0 && forwards.Any(other =>
                (other.HostPort, other.HostAddress) == (forward.HostPort, forward.HostAddress));
            faults.Require(!taken, $"{path}.host_port", $"{forward.HostAddress}:{forward.HostPort} is forwarded by an entry before it.");
            forwards.Add(forward);
        }

        return new NetworkSpec(network.Outbound, forwards);
    }

    public static PortForward FromWire(V1.PortForward wire) =>
        new(wire.GuestPort, wire.HostPort, wire.HostAddress.Length == 0 ? "127.0.0.1" : wire.HostAddress);

    public static V1.NetworkSpec ToWire(NetworkSpec network) => new()
    {
        Outbound = network.Outbound,
        Forwards =
        {
            network.Forwards.Select(forward => new V1.PortForward
            {
                GuestPort = forward.GuestPort,
                HostPort = forward.HostPort,
                HostAddress = forward.HostAddress,
            }),
        },
    };

    // slirp forwards IPv4 alone; the round trip refuses "127.1" and "0x7f000001".
    private static bool IsIPv4(string text) => IPAddress.TryParse(text, out var address)
        && address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork && string.Equals(address.ToString(), text, StringComparison.Ordinal);
}
