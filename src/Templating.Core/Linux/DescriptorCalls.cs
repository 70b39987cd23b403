using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Templating.Core.Linux;

/// <summary>Calls on plain descriptors, which a child may inherit. Values of asm-generic and bits/ headers, x86-64.</summary>
internal static unsafe partial class DescriptorCalls
{
    public const int AfUnix = 1;
    public const int SockStream = 1;
    public const int SockCloseOnExec = 0x80000;
    public const short PollIn = 1;
    public const int EventCloseOnExec = 0x80000;
    public const int EventNonBlocking = 0x800;

    [LibraryImport("libc", SetLastError = true, EntryPoint = "socket")]
    internal static partial int Socket(int domain, int type, int protocol);

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
