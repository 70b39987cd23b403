using Templating.Contract;
using Templating.Core.Machines;
using Templating.Core.Templates;

namespace Templating.Node.Mapping;

internal static class NetworkMapping
{
    /// <summary>Null when unset.</summary>
    public static NetworkSpec? FromWire(string field, V1.NetworkSpec? network, Faults faults)
    {
        if (network is null)
        {
            return null;
        }

        var spec = FromWire(network);
        faults.AddRange(NetworkRules.Check($"{field}.forwards", spec.Forwards));
        return spec;
    }

    public static NetworkSpec FromWire(V1.NetworkSpec network) => new(network.Outbound, [.. network.Forwards.Select(FromWire)]);

    private static PortForward FromWire(V1.PortForward wire) =>
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
}
