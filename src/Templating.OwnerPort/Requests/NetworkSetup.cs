using System.Buffers;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Templating.OwnerPort.Frames;

namespace Templating.OwnerPort.Requests;

/// <summary>The pod's network namespace and one card in it. Again for the same card it adds and replaces.</summary>
public sealed record NetworkSetup
{
    private const int LongestName = 15;
    private const int LeastMtu = 68;

    private static readonly SearchValues<char> NotInNames = SearchValues.Create("/: %");

    /// <summary>The card's address, as it was plugged; null for a namespace with <c>lo</c> alone.</summary>
    public PhysicalAddress? Card { get; init; }

    /// <summary>The card's in the namespace; at most 15 bytes, not <c>lo</c>.</summary>
    public string Name { get; init; } = "eth0";

    /// <summary>68 to 65,535 bytes; 0 leaves it as it is.</summary>
    public int Mtu { get; init; }

    /// <summary>At most 32.</summary>
    public IReadOnlyList<PodAddress> Addresses { get; init; } = [];

    /// <summary>At most 64, set in this order.</summary>
    public IReadOnlyList<PodRoute> Routes { get; init; } = [];

    /// <summary>At most 64.</summary>
    public IReadOnlyList<PodNeighbour> Neighbours { get; init; } = [];

    /// <summary>How long a card that is not there yet is waited for, at most 30 seconds.</summary>
    public TimeSpan Wait { get; init; } = TimeSpan.FromSeconds(10);

    internal FrameBuilder Build()
    {
        Checks.Text(Name, LongestName, nameof(Name));
        if (Name == "lo" || Name[0] == '.' || Name.AsSpan().ContainsAny(NotInNames))
        {
            throw Checks.Wrong($"Found '{Name}', expected a card's name without any of '/: %', not lo, and no dot first.", nameof(Name));
        }

        if (Mtu is not 0 and (< LeastMtu or > ushort.MaxValue))
        {
            throw Checks.Wrong($"Found {Mtu}, expected {LeastMtu} to {ushort.MaxValue}, or 0 to leave it.", nameof(Mtu));
        }

        var frame = new FrameBuilder(FrameType.Network).Raw(Checks.Mac(Card ?? new PhysicalAddress(new byte[6]), nameof(Card))).Text(Name).U32((uint)Mtu);
        frame.U8(Checks.Count(Addresses, PortLimits.Addresses, nameof(Addresses)));
        foreach (var address in Addresses)
        {
            address.Write(frame, nameof(Addresses));
        }

        frame.U8(Checks.Count(Routes, PortLimits.Routes, nameof(Routes)));
        foreach (var route in Routes)
        {
            route.Write(frame, nameof(Routes));
        }

        frame.U8(Checks.Count(Neighbours, PortLimits.Neighbours, nameof(Neighbours)));
        foreach (var neighbour in Neighbours)
        {
            neighbour.Write(frame, nameof(Neighbours));
        }

        return frame.U32(Checks.Wait(Wait, nameof(Wait)));
    }
}

/// <param name="Address">IPv4 or IPv6.</param>
/// <param name="Prefix">0 to 32 or 128 bits.</param>
public sealed record PodAddress(IPAddress Address, int Prefix)
{
    internal void Write(FrameBuilder to, string parameter)
    {
        ArgumentNullException.ThrowIfNull(Address, parameter);
        var bytes = Address.GetAddressBytes();
        if (Prefix < 0 || Prefix > 8 * bytes.Length)
        {
            throw new ArgumentOutOfRangeException(parameter, Prefix, $"Expected a prefix of 0 to {8 * bytes.Length} bits for {Address}.");
        }

        to.U8(Address.AddressFamily == AddressFamily.InterNetwork ? (byte)4 : (byte)6).Raw(bytes).U8((byte)Prefix);
    }
}

/// <param name="To">Where it leads.</param>
/// <param name="Gateway">Of the same family; null where what it leads to is on the link itself.</param>
/// <param name="OnLink">Whether the gateway is reached though no address of the card is of its network. Only with a gateway.</param>
public sealed record PodRoute(PodAddress To, IPAddress? Gateway = null, bool OnLink = false)
{
    private const byte ByGateway = 1;
    private const byte GatewayOnLink = 2;

    internal void Write(FrameBuilder to, string parameter)
    {
        ArgumentNullException.ThrowIfNull(To, parameter);
        To.Write(to, parameter);
        if (Gateway is null)
        {
            to.U8(OnLink ? throw new ArgumentException("Found a route that is on the link without a gateway, expected one with it.", parameter) : (byte)0);
            return;
        }

        if (Gateway.AddressFamily != To.Address.AddressFamily)
        {
            throw new ArgumentException($"Found a route to {To.Address} by {Gateway}, expected both of one family.", parameter);
        }

        to.U8((byte)(ByGateway | (OnLink ? GatewayOnLink : 0))).Raw(Gateway.GetAddressBytes());
    }
}

/// <param name="Address">Whose.</param>
/// <param name="Mac">Where it is.</param>
public sealed record PodNeighbour(IPAddress Address, PhysicalAddress Mac)
{
    internal void Write(FrameBuilder to, string parameter)
    {
        ArgumentNullException.ThrowIfNull(Address, parameter);
        new PodAddress(Address, 8 * Address.GetAddressBytes().Length).Write(to, parameter);
        to.Raw(Checks.Mac(Mac, parameter));
    }
}
