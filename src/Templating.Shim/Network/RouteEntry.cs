using System.Net;
using System.Runtime.InteropServices;

namespace Templating.Shim.Network;

/// <summary>A route; values of linux/rtnetlink.h.</summary>
internal sealed record RouteEntry
{
    public const uint MainTable = 254;          // RT_TABLE_MAIN

    private const ushort GetRoute = 26;         // RTM_GETROUTE
    private const ushort NewRoute = 24;         // RTM_NEWROUTE
    private const byte Unicast = 1;             // RTN_UNICAST
    private const byte ByRedirect = 1;          // RTPROT_REDIRECT
    private const byte ByKernel = 2;            // RTPROT_KERNEL
    private const byte ByRouter = 9;            // RTPROT_RA
    private const uint OnLinkFlag = 4;          // RTNH_F_ONLINK
    private const uint LearntFlag = 0x200;      // RTM_F_CLONED

    private Head _head;

    public byte Family => _head.Family;

    public IPAddress To { get; private init; } = IPAddress.None;

    public int Prefix { get; private init; }

    public IPAddress? Gateway { get; private init; }

    /// <summary>0 for none.</summary>
    public int Index { get; private init; }

    public uint Table { get; private init; }

    /// <summary>The least goes first.</summary>
    public uint Metric { get; private init; }

    public IPAddress? Source { get; private init; }

    /// <summary>Of packets that take it; 0 for the card's.</summary>
    public uint Mtu { get; private init; }

    /// <summary>Whether there is more said of how to send by it.</summary>
    public bool HasSettings { get; private init; }

    /// <summary>What of it a guest's card cannot be given; null where there is nothing.</summary>
    public string? Oddity { get; private init; }

    public bool IsOnLink => (_head.Flags & OnLinkFlag) != 0;

    public bool IsOfTheKernel => _head.Protocol == ByKernel;

    /// <summary>By a packet, and not by who set up the pod: the guest learns it, too.</summary>
    public bool IsLearnt => (_head.Flags & LearntFlag) != 0 || _head.Protocol is ByRedirect or ByRouter;

    public static IReadOnlyList<RouteEntry> List(Rtnetlink kernel, byte family) =>
        kernel.List(Inet.ListOf(GetRoute, new Head { Family = family }), NewRoute, Parse, "list the routes");

    public override string ToString() => Prefix == 0
        ? Family == Inet.V4 ? "the default route" : "the default route of IPv6"
        : $"the route to {To}/{Prefix}";

    /// <exception cref="InvalidDataException">It is cut short, or of no family that was asked for.</exception>
    public static RouteEntry Parse(NetlinkPart message)
    {
        const ushort ToOf = 1, Interface = 4, GatewayOf = 5, MetricOf = 6, SourceOf = 7, Settings = 8, Several = 9, TableOf = 15,
            ByOtherFamily = 18, Encapsulation = 22;
        var head = message.Head<Head>();
        if (!Inet.IsKnown(head.Family))
        {
            throw NetlinkReader.Torn();
        }

        var route = new RouteEntry
        {
            _head = head,
            To = Inet.Any(head.Family),
            Prefix = Inet.Prefix(head.ToPrefix, head.Family),
            Table = head.Table,
            Oddity = head switch
            {
                { Type: not Unicast } => "it leads to no place (blackhole, unreachable, prohibit, throw or the like)",
                { FromPrefix: not 0 } => "it depends on the sender's address",
                { Service: not 0 } => "it depends on the packet's type of service",
                _ => null,
            },
        };
        foreach (var part in message.After(Inet.SizeOf<Head>()))
        {
            route = part.Type switch
            {
                ToOf => route with { To = Inet.Address(part, head.Family) },
                Interface => route with { Index = (int)part.U32() },
                GatewayOf => route with { Gateway = Inet.Address(part, head.Family) },
                MetricOf => route with { Metric = part.U32() },
                SourceOf => route with { Source = Inet.Address(part, head.Family) },
                TableOf => route with { Table = part.U32() },
                Settings => WithSettings(route, part),
                Several => route with { Oddity = "it spreads over several gateways" },
                ByOtherFamily => route with { Oddity = "its gateway is of the other family of addresses" },
                Encapsulation => route with { Oddity = "it puts packets into others" },
                _ => route,
            };
        }

        return route;
    }

    private static RouteEntry WithSettings(RouteEntry route, NetlinkPart settings)
    {
        const ushort MtuOf = 2; // RTAX_MTU
        foreach (var part in settings.After(0))
        {
            route = part.Type == MtuOf ? route with { Mtu = part.U32() } : route with { HasSettings = true };
        }

        return route;
    }

    /// <summary>struct rtmsg.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Head
    {
        public byte Family;
        public byte ToPrefix;
        public byte FromPrefix;
        public byte Service;
        public byte Table;
        public byte Protocol;
        public byte Scope;
        public byte Type;
        public uint Flags;
    }
}
