using System.Net;
using Templating.Contract;

namespace Templating.Core.Capacity;

/// <summary>Addresses and ports of the host that forwards may take.</summary>
/// <param name="Addresses">A network; one address is a network of its own.</param>
/// <param name="FirstPort">1 to 65535.</param>
/// <param name="LastPort">Not below the first.</param>
public sealed record HostPorts(IPNetwork Addresses, int FirstPort, int LastPort)
{
    /// <summary>The host's loopback, and none of the ports that only root may take.</summary>
    public static HostPorts Loopback { get; } = new(new IPNetwork(new IPAddress([127, 0, 0, 0]), 8), ForwardRules.LeastUnprivileged, ForwardRules.MaxPort);

    /// <summary>Port 0 stands for any free one: it needs all of the unprivileged.</summary>
    public bool Contains(IPAddress address, int port) => Addresses.Contains(address)
        && (port == 0 ? FirstPort <= ForwardRules.LeastUnprivileged && LastPort == ForwardRules.MaxPort : port >= FirstPort && port <= LastPort);

    public override string ToString() => $"{Addresses} ports {FirstPort}-{LastPort}";
}
