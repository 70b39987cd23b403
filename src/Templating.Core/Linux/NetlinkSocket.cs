using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Templating.Core.Linux;

/// <summary>
/// A conversation with the kernel about the network namespace in which the socket was made (rtnetlink(7)), whichever thread has it
/// later. The kernel does the whole of a request before the call that sends it returns, so there is nothing to wait for. Values of linux/netlink.h.
/// </summary>
internal sealed unsafe partial class NetlinkSocket : IDisposable
{
    private const int Netlink = 16;             // AF_NETLINK
    private const int Raw = 3;                  // SOCK_RAW
    private const int Route = 0;                // NETLINK_ROUTE
    private const int NetlinkLevel = 270;       // SOL_NETLINK
    private const int ShortAcknowledge = 10;    // NETLINK_CAP_ACK: without a copy of the request
    private const int Reasons = 11;             // NETLINK_EXT_ACK: with words
    private const int DoNotWait = 0x40;         // MSG_DONTWAIT
    private const int WholeLength = 0x20;       // MSG_TRUNC

    private readonly SafeFileHandle _socket;

    private NetlinkSocket(SafeFileHandle socket) => _socket = socket;

    private int Descriptor => _socket.DangerousGetHandle().ToInt32();

    /// <summary>In the calling thread's network namespace.</summary>
    public static NetlinkSocket Open()
    {
        var fd = DescriptorCalls.Socket(Netlink, Raw | DescriptorCalls.SockCloseOnExec, Route);
        FileSystem.Check(fd, "make", "a socket of rtnetlink");
        var made = new NetlinkSocket(new SafeFileHandle(fd, ownsHandle: true));

        // With the kernel alone (port 0): another process's messages are turned away.
        var kernel = new Address { Family = Netlink };
        if (Connect(fd, &kernel, (uint)sizeof(Address)) < 0)
        {
            var failure = FileSystem.LastError("connect", "a socket of rtnetlink");
            made.Dispose();
            throw failure;
        }

        // Kernels before 4.12 have neither, and say less.
        var on = 1;
        _ = SetOption(fd, NetlinkLevel, ShortAcknowledge, &on, sizeof(int));
        _ = SetOption(fd, NetlinkLevel, Reasons, &on, sizeof(int));
        return made;
    }

    public void Send(ReadOnlySpan<byte> message)
    {
        fixed (byte* first = message)
        {
            FileSystem.Check((int)Send(Descriptor, first, (nuint)message.Length, DoNotWait), "send to", "rtnetlink");
        }
    }

    /// <returns>The next datagram's bytes.</returns>
    /// <exception cref="IOException">There is none, or it is longer than the buffer.</exception>
    public int Receive(Span<byte> buffer)
    {
        fixed (byte* first = buffer)
        {
            var length = Receive(Descriptor, first, (nuint)buffer.Length, DoNotWait | WholeLength);
            FileSystem.Check((int)length, "receive from", "rtnetlink");
            return length <= buffer.Length
                ? (int)length
                : throw new IOException($"Rtnetlink sent a message of {length} bytes, at most {buffer.Length} are taken.");
        }
    }

    public void Dispose() => _socket.Dispose();

    [LibraryImport("libc", SetLastError = true, EntryPoint = "connect")]
    private static partial int Connect(int fd, Address* address, uint length);

    [LibraryImport("libc", SetLastError = true, EntryPoint = "setsockopt")]
    private static partial int SetOption(int fd, int level, int name, void* value, uint length);

    [LibraryImport("libc", SetLastError = true, EntryPoint = "send")]
    private static partial nint Send(int fd, void* buffer, nuint length, int flags);

    [LibraryImport("libc", SetLastError = true, EntryPoint = "recv")]
    private static partial nint Receive(int fd, void* buffer, nuint length, int flags);

    /// <summary>struct sockaddr_nl.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Address
    {
        public ushort Family;
        public ushort Padding;
        public uint Port;
        public uint Groups;
    }
}
