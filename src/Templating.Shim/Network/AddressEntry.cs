using System.Net;
using System.Runtime.InteropServices;

namespace Templating.Shim.Network;

/// <summary>An address of an interface; values of linux/if_addr.h.</summary>
internal sealed record AddressEntry
{
    private const ushort GetAddress = 22;       // RTM_GETADDR
    private const ushort NewAddress = 20;       // RTM_NEWADDR
    private const uint FailedFlag = 0x08;       // IFA_F_DADFAILED
    private const uint PermanentFlag = 0x80;    // IFA_F_PERMANENT
    private const byte LinkLocal = 2;           // IFAPROT_KERNEL_LL

    private uint _flags;
    private byte _maker;

    public int Index { get; private init; }

    public byte Family { get; private init; }

    public IPAddress Address { get; private init; } = IPAddress.None;

    /// <summary>The other end's, of a link that has two; null otherwise.</summary>
    public IPAddress? Peer { get; private init; }

    public int Prefix { get; private init; }

    /// <summary>Somebody else on the link has it, as was found when it was given.</summary>
    public bool IsDuplicate => (_flags & FailedFlag) != 0;

    /// <summary>Learnt from a router, and not for ever.</summary>
    public bool IsTemporary => (_flags & PermanentFlag) == 0;

    public static IReadOnlyList<AddressEntry> List(Rtnetlink kernel, byte family) =>
        kernel.List(Inet.ListOf(GetAddress, new Head { Family = family }), NewAddress, Parse, "list the addresses");

    /// <exception cref="InvalidDataException">It is cut short, or of no family that was asked for.</exception>
    public static AddressEntry Parse(NetlinkPart message)
    {
        const ushort AddressOf = 1, LocalOf = 2, FlagsOf = 8, MakerOf = 11;
        var head = message.Head<Head>();
        if (!Inet.IsKnown(head.Family))
        {
            throw NetlinkReader.Torn();
        }

        IPAddress? address = null, local = null;
        var (flags, maker) = ((uint)head.Flags, (byte)0);
        foreach (var part in message.After(Inet.SizeOf<Head>()))
        {
            switch (part.Type)
            {
                case AddressOf:
                    address = Inet.Address(part, head.Family);
                    break;
                case LocalOf:
                    local = Inet.Address(part, head.Family);
                    break;
                case FlagsOf:
                    flags = part.U32();
                    break;
                case MakerOf:
                    maker = part.Head<byte>();
                    break;
            }
        }

        var own = local ?? address ?? throw NetlinkReader.Torn();
        return new AddressEntry
        {
            Index = (int)head.Index,
            Family = head.Family,
            Address = own,
            Peer = own.Equals(address) ? null : address,
            Prefix = Inet.Prefix(head.Prefix, head.Family),
            _flags = flags,
            _maker = maker,
        };
    }

    /// <summary>
    /// Whether the kernel made it up for the link from the card's own address, as the guest's kernel does for itself. Kernels before 5.18
    /// do not say who made one.
    /// </summary>
    public bool IsMadeFor(LinkEntry link)
    {
        if (!Address.IsIPv6LinkLocal)
        {
            return false;
        }

        // Appendix A of RFC 4291: the universal bit turned over, and ff:fe in the middle.
        return _maker == LinkLocal || (link.Mac.GetAddressBytes() is [var a, var b, var c, var d, var e, var f] &&
            Address.GetAddressBytes() is [_, _, _, _, _, _, _, _, .. var own] && own is [var g, var h, var i, 0xFF, 0xFE, var j, var k, var l] &&
            (a ^ 2, b, c, d, e, f) == (g, h, i, j, k, l));
    }

    /// <summary>struct ifaddrmsg.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Head
    {
        public byte Family;
        public byte Prefix;
        public byte Flags;
        public byte Scope;
        public uint Index;
    }
}
