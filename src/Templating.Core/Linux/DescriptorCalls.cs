using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Templating.Core.Linux;

/// <summary>Calls on plain descriptors, which a child may inherit. Values of asm-generic and bits/ headers, x86-64.</summary>
internal static unsafe partial class DescriptorCalls
{
    public const int AfUnix = 1;
    public const int AfInternet = 2;
    public const int AfInternet6 = 10;
    public const int SockStream = 1;
    public const int SockCloseOnExec = 0x80000;
    public const short PollIn = 1;
    public const int EventCloseOnExec = 0x80000;
    public const int EventNonBlocking = 0x800;

    [LibraryImport("libc", SetLastError = true, EntryPoint = "socket")]
    internal static partial int Socket(int domain, int type, int protocol);

    /// <summary>The IPv4 address that a socket is bound to; null where it is bound to none.</summary>
    public static IPEndPoint? BoundTo(int socket)
    {
        // struct sockaddr_in: family, port and address, the two of them in the network's order; then nothing.
        var address = stackalloc byte[16];
        var length = 16;
        return GetSocketName(socket, address, &length) == 0 && *(ushort*)address == AfInternet
            ? new IPEndPoint(new IPAddress(new ReadOnlySpan<byte>(address + 4, 4)), BinaryPrimitives.ReadUInt16BigEndian(new ReadOnlySpan<byte>(address + 2, 2)))
            : null;
    }

    /// <summary>Two ends of a connection, neither of which a child inherits by itself.</summary>
    public static (SafeFileHandle First, SafeFileHandle Second) Pair()
    {
        var ends = stackalloc int[2];
        return SocketPair(AfUnix, SockStream | SockCloseOnExec, 0, ends) == 0
            ? (new SafeFileHandle(ends[0], ownsHandle: true), new SafeFileHandle(ends[1], ownsHandle: true))
            : throw FileSystem.LastError("make", "a pair of sockets");
    }

    [LibraryImport("libc", SetLastError = true, EntryPoint = "socketpair")]
    private static partial int SocketPair(int domain, int type, int protocol, int* ends);

    /// <summary>Sends bytes and, with the first of them, a descriptor (SCM_RIGHTS, unix(7)). Does not wait.</summary>
    /// <returns>How many bytes were taken; negative where none were, and the descriptor was not either.</returns>
    public static nint SendWith(SafeHandle socket, ReadOnlySpan<byte> bytes, SafeHandle descriptor)
    {
        var control = stackalloc long[3]; // struct cmsghdr, and an int at its end
        control[0] = 16 + sizeof(int);
        ((int*)control)[2] = SocketLevel;
        ((int*)control)[3] = Rights;
        control[2] = 0;
        ((int*)control)[4] = descriptor.DangerousGetHandle().ToInt32();
        fixed (byte* first = bytes)
        {
            var part = new Part { Base = first, Length = (nuint)bytes.Length };
            var message = new Message { Parts = &part, PartCount = 1, Control = control, ControlLength = 3 * sizeof(long) };
            return SendMessage(socket.DangerousGetHandle().ToInt32(), &message, NoSignal | DoNotWait);
        }
    }

    private const int SocketLevel = 1;      // SOL_SOCKET
    private const int Rights = 1;           // SCM_RIGHTS
    private const int NoSignal = 0x4000;    // MSG_NOSIGNAL
    private const int DoNotWait = 0x40;     // MSG_DONTWAIT

    [LibraryImport("libc", SetLastError = true, EntryPoint = "sendmsg")]
    private static partial nint SendMessage(int fd, Message* message, int flags);

    /// <summary>struct iovec.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Part
    {
        public byte* Base;
        public nuint Length;
    }

    /// <summary>struct msghdr of glibc on 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Message
    {
        public void* Name;
        public uint NameLength;
        public Part* Parts;
        public nuint PartCount;
        public void* Control;
        public nuint ControlLength;
        public int Flags;
    }

    [LibraryImport("libc", SetLastError = true, EntryPoint = "bind")]
    internal static partial int Bind(int fd, byte* address, uint length);

    [LibraryImport("libc", SetLastError = true, EntryPoint = "listen")]
    internal static partial int Listen(int fd, int backlog);

    [LibraryImport("libc", SetLastError = true, EntryPoint = "close")]
    internal static partial int Close(int fd);

    [LibraryImport("libc", SetLastError = true, EntryPoint = "eventfd")]
    internal static partial int EventFd(uint value, int flags);

    [LibraryImport("libc", SetLastError = true, EntryPoint = "read")]
    internal static partial nint Read(int fd, void* buffer, nint count);

    [LibraryImport("libc", SetLastError = true, EntryPoint = "write")]
    internal static partial nint Write(int fd, void* buffer, nint count);

    [LibraryImport("libc", SetLastError = true, EntryPoint = "read")]
    internal static partial nint Read(SafeFileHandle file, void* buffer, nint count);

    [LibraryImport("libc", SetLastError = true, EntryPoint = "write")]
    internal static partial nint Write(SafeFileHandle file, void* buffer, nint count);

    [LibraryImport("libc", EntryPoint = "getsockname")]
    private static partial int GetSocketName(int fd, byte* address, int* length);

    [LibraryImport("libc", SetLastError = true, EntryPoint = "poll")]
    internal static partial int Poll(PollDescriptor* descriptors, nuint count, int timeoutMilliseconds);

    /// <summary>struct pollfd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct PollDescriptor
    {
        public int Fd;
        public short Events;
        public short Returned;
    }
}
