using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Templating.Core.Linux;

/// <summary>
/// Network interfaces of which a program is the other end; values of linux/if_tun.h and linux/if.h. All of it is about the network
/// namespace of the calling thread.
/// </summary>
internal static unsafe partial class TapCalls
{
    private const nuint SetInterface = 0x400454ca;      // TUNSETIFF
    private const nuint GetFlags = 0x8913;              // SIOCGIFFLAGS
    private const nuint SetFlags = 0x8914;              // SIOCSIFFLAGS
    private const nuint SetMtuCall = 0x8922;            // SIOCSIFMTU

    private const short Tap = 2;                        // IFF_TAP
    private const short NoPacketInfo = 0x1000;          // IFF_NO_PI
    private const short Offloads = 0x4000;              // IFF_VNET_HDR
    private const short Up = 1;                         // IFF_UP

    private const int Internet = 2;                     // AF_INET
    private const int Datagram = 2;                     // SOCK_DGRAM
    private const int NameBytes = 16;                   // IFNAMSIZ

    /// <summary>
    /// The tap of that name, made where there is none; its frames have a header that says what was left to the card. One that is made
    /// is gone when nobody has it open.
    /// </summary>
    /// <param name="name">A pattern ending in <c>%d</c> is filled in by the kernel.</param>
    /// <param name="made">Its name.</param>
    /// <returns>Null where the kernel refuses, and why is in the last error.</returns>
    public static SafeFileHandle? TryOpen(string name, out string made)
    {
        made = "";
        var fd = LibC.Open("/dev/net/tun", LibC.OpenReadWrite | LibC.OpenNonBlock | LibC.OpenCloseOnExec, 0);
        if (fd < 0)
        {
            return null;
        }

        var tap = new SafeFileHandle(fd, ownsHandle: true);
        var request = Request.Of(name);
        request.Flags = Tap | NoPacketInfo | Offloads;
        if (LibC.Control(fd, SetInterface, &request) < 0)
        {
            var error = Marshal.GetLastPInvokeError();
            tap.Dispose();
            Marshal.SetLastPInvokeError(error);
            return null;
        }

        made = Encoding.ASCII.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(request.Name));
        return tap;
    }

    /// <summary>Makes it carry frames.</summary>
    /// <param name="name">Of the interface.</param>
    /// <param name="mtu">Null leaves it as it is.</param>
    /// <returns>Negative where the kernel refuses.</returns>
    public static int Raise(string name, int? mtu)
    {
        var socket = DescriptorCalls.Socket(Internet, Datagram | DescriptorCalls.SockCloseOnExec, 0);
        if (socket < 0)
        {
            return -1;
        }

        var result = Raise(socket, name, mtu);
        var error = Marshal.GetLastPInvokeError();
        _ = DescriptorCalls.Close(socket);
        Marshal.SetLastPInvokeError(error);
        return result;
    }

    private static int Raise(int socket, string name, int? mtu)
    {
        var request = Request.Of(name);
        if (mtu is { } bytes)
        {
            request.Mtu = bytes;
            if (LibC.Control(socket, SetMtuCall, &request) < 0)
            {
                return -1;
            }
        }

        request = Request.Of(name);
        if (LibC.Control(socket, GetFlags, &request) < 0)
        {
            return -1;
        }

        request.Flags |= Up;
        return LibC.Control(socket, SetFlags, &request);
    }

    /// <summary>struct ifreq, as far as it is used here.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 40)]
    private struct Request
    {
        [FieldOffset(0)]
        public fixed byte Name[NameBytes];
        [FieldOffset(NameBytes)]
        public short Flags;
        [FieldOffset(NameBytes)]
        public int Mtu;

        public static Request Of(string name)
        {
            var request = default(Request);
            Encoding.ASCII.GetBytes(name, new Span<byte>(request.Name, NameBytes - 1));
            return request;
        }
    }
}
