using System.Net;
using System.Runtime.InteropServices;

namespace Templating.Shim.Network;

/// <summary>What addresses, routes, neighbours and rules have in common.</summary>
internal static class Inet
{
    public const byte V4 = 2;   // AF_INET
    public const byte V6 = 10;  // AF_INET6

    public static bool IsKnown(byte family) => family is V4 or V6;

    /// <summary>All zeros: where a default route leads to.</summary>
    public static IPAddress Any(byte family) => family == V4 ? IPAddress.Any : IPAddress.IPv6Any;

    public static int Bits(byte family) => family == V4 ? 32 : 128;

    /// <exception cref="InvalidDataException">It is not of that family.</exception>
    public static IPAddress Address(NetlinkPart part, byte family) =>
        part.Body.Length * 8 == Bits(family) ? new IPAddress(part.Body) : throw NetlinkReader.Torn();

    /// <exception cref="InvalidDataException">It is more than the family has.</exception>
    public static int Prefix(byte bits, byte family) => bits <= Bits(family) ? bits : throw NetlinkReader.Torn();

    /// <summary>The request for all of a kind of one family.</summary>
    public static NetlinkRequest ListOf<T>(ushort type, T head)
        where T : unmanaged => NetlinkRequest.Of(type, NetlinkRequest.Dump, head);

    public static int SizeOf<T>()
        where T : unmanaged => Marshal.SizeOf<T>();

    /// <summary>The network in which an address is.</summary>
    public static IPAddress NetworkOf(IPAddress address, int prefix)
    {
        var bytes = address.GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] &= (byte)(0xFF00 >> Math.Clamp(prefix - (8 * i), 0, 8));
        }

        return new IPAddress(bytes);
    }
}
