using System.Net;
using System.Net.NetworkInformation;
using System.Runtime.InteropServices;

namespace Templating.Shim.Network;

/// <summary>Whose card has an address; values of linux/neighbour.h.</summary>
internal sealed record NeighbourEntry(int Index, IPAddress? Address, PhysicalAddress? Mac, bool IsPermanent)
{
    private const ushort GetNeighbour = 30;     // RTM_GETNEIGH
    private const ushort NewNeighbour = 28;     // RTM_NEWNEIGH
    private const ushort Permanent = 0x80;      // NUD_PERMANENT

    public static IReadOnlyList<NeighbourEntry> List(Rtnetlink kernel, byte family) =>
        kernel.List(Inet.ListOf(GetNeighbour, new Head { Family = family }), NewNeighbour, Parse, "list the neighbours");

    /// <exception cref="InvalidDataException">It is cut short, or of no family that was asked for.</exception>
    public static NeighbourEntry Parse(NetlinkPart message)
    {
        const ushort AddressOf = 1, MacOf = 2;
        var head = message.Head<Head>();
        if (!Inet.IsKnown(head.Family))
        {
            throw NetlinkReader.Torn();
        }

        var found = new NeighbourEntry(head.Index, null, null, (head.State & Permanent) != 0);
        foreach (var part in message.After(Inet.SizeOf<Head>()))
        {
            found = part.Type switch
            {
                AddressOf => found with { Address = Inet.Address(part, head.Family) },
                MacOf => found with { Mac = new PhysicalAddress(part.Body.ToArray()) },
                _ => found,
            };
        }

        return found;
    }

    /// <summary>struct ndmsg.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Head
    {
        public byte Family;
        public byte Padding;
        public ushort MorePadding;
        public int Index;
        public ushort State;
        public byte Flags;
        public byte Type;
    }
}
