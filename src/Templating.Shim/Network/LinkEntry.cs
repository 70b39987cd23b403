using System.Net.NetworkInformation;
using System.Runtime.InteropServices;
using System.Text;

namespace Templating.Shim.Network;

/// <summary>An interface as the kernel tells of it; values of linux/if_link.h and linux/if_arp.h.</summary>
internal sealed record LinkEntry
{
    private const ushort GetLink = 18;          // RTM_GETLINK
    private const ushort NewLink = 16;          // RTM_NEWLINK
    private const ushort FilterMask = 29;       // IFLA_EXT_MASK
    private const uint WithoutCounts = 8;       // RTEXT_FILTER_SKIP_STATS
    private const ushort Ethernet = 1;          // ARPHRD_ETHER
    private const int MacBytes = 6;

    private const uint UpFlag = 1;              // IFF_UP
    private const uint LoopbackFlag = 8;        // IFF_LOOPBACK
    private const uint NoArpFlag = 0x80;        // IFF_NOARP

    private readonly uint _flags;
    private readonly ushort _type;

    private LinkEntry(Head head) => (Index, _flags, _type) = (head.Index, head.Flags, head.Type);

    public int Index { get; }

    public string Name { get; private init; } = "";

    /// <summary>veth, macvlan, ...; empty for a card of the host.</summary>
    public string Kind { get; private init; } = "";

    public PhysicalAddress Mac { get; private init; } = PhysicalAddress.None;

    public uint Mtu { get; private init; }

    /// <summary>The index of the bridge or bond that it is a part of; 0 for none.</summary>
    public uint Master { get; private init; }

    /// <summary>The index of the interface of this namespace on which it sits; 0 for none, or for one elsewhere.</summary>
    public uint Below { get; private init; }

    public bool IsUp => (_flags & UpFlag) != 0;

    public bool IsLoopback => (_flags & LoopbackFlag) != 0;

    /// <summary>Whether a card of Ethernet can stand in for it.</summary>
    public bool IsEthernet => _type == Ethernet && (_flags & NoArpFlag) == 0 && Mac.GetAddressBytes().Length == MacBytes;

    public static IReadOnlyList<LinkEntry> List(Rtnetlink kernel) => kernel.List(
        NetlinkRequest.Of(GetLink, NetlinkRequest.Dump, default(Head)).Put(FilterMask, WithoutCounts), NewLink, Parse, "list the interfaces");

    /// <exception cref="InvalidDataException">It is cut short.</exception>
    public static LinkEntry Parse(NetlinkPart message)
    {
        const ushort Address = 1, NameOf = 3, MtuOf = 4, BelowOf = 5, MasterOf = 10, Info = 18, ElsewhereOf = 37, KindOf = 1;
        var link = new LinkEntry(message.Head<Head>());
        var elsewhere = false;
        foreach (var part in message.After(Marshal.SizeOf<Head>()))
        {
            switch (part.Type)
            {
                case Address:
                    link = link with { Mac = new PhysicalAddress(part.Body.ToArray()) };
                    break;
                case NameOf:
                    link = link with { Name = Text(part) };
                    break;
                case MtuOf:
                    link = link with { Mtu = part.U32() };
                    break;
                case BelowOf:
                    link = link with { Below = part.U32() };
                    break;
                case MasterOf:
                    link = link with { Master = part.U32() };
                    break;
                case ElsewhereOf:
                    elsewhere = true;
                    break;
                case Info:
                    foreach (var inner in part.After(0))
                    {
                        link = inner.Type == KindOf ? link with { Kind = Text(inner) } : link;
                    }

                    break;
            }
        }

        // An end of a veth tells its other end's.
        return elsewhere || link.Kind == "veth" ? link with { Below = 0 } : link;
    }

    private static string Text(NetlinkPart part) => Encoding.UTF8.GetString(part.Body.TrimEnd((byte)0));

    /// <summary>struct ifinfomsg.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Head
    {
        public byte Family;
        public byte Padding;
        public ushort Type;
        public int Index;
        public uint Flags;
        public uint Change;
    }
}
