using System.Net.Sockets;
using System.Text;
using Templating.Core.Errors;
using Templating.Core.Linux;
using Templating.Qemu.Base;

namespace Templating.Qemu.Process;

/// <summary>
/// A Unix socket that already listens before QEMU exists and whose descriptor QEMU inherits: the daemon connects at
/// once and never polls for a path. (System.Net.Sockets would delete the path when its socket is disposed.)
/// </summary>
internal sealed unsafe class ListeningSocket : IDisposable
{
    /// <summary>sizeof(sun_path) less its NUL, unix(7).</summary>
    public const int MaxPathBytes = 107;

    private const int Backlog = 4;

    private ListeningSocket(int fd, string path) => (Fd, Path) = (fd, path);

    public int Fd { get; private set; }

    public string Path { get; }

    public static ListeningSocket Bind(string path)
    {
        var length = Encoding.UTF8.GetByteCount(path);
        if (length > MaxPathBytes)
        {
            throw new TemplatingException(ErrorCode.HostUnusable,
                $"The socket path '{path}' has {length} bytes; a Unix socket's path has {MaxPathBytes} at most. "
                + "Configure a shorter run folder.");
        }

        File.Delete(path);
        var address = stackalloc byte[2 + MaxPathBytes + 1];
        new Span<byte>(address, 2 + MaxPathBytes + 1).Clear();
        *(ushort*)address = DescriptorCalls.AfUnix;
        Encoding.UTF8.GetBytes(path, new Span<byte>(address + 2, MaxPathBytes));
        var fd = DescriptorCalls.Socket(DescriptorCalls.AfUnix, DescriptorCalls.SockStream | DescriptorCalls.SockCloseOnExec, 0);
        if (fd < 0)
        {
            throw NativeError.Last("Cannot make a socket");
        }

        var socket = new ListeningSocket(fd, path);
        if (DescriptorCalls.Bind(fd, address, (uint)(2 + length + 1)) != 0)
        {
            throw Failed();
        }

        // Before anybody listens: there is no moment in which another gets in.
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return DescriptorCalls.Listen(fd, Backlog) == 0 ? socket : throw Failed();

        TemplatingException Failed()
        {
            var failure = NativeError.Last($"Cannot listen on '{path}'");
            socket.Dispose();
            return failure;
        }
    }

    public Socket Connect() => ConnectTo(Path);

    /// <summary>
    /// A Unix socket connects at once or not at all: its peer's kernel queue accepts for it. Where a peer lets that queue fill
    /// up, a connect that blocks would wait for it for ever.
    /// </summary>
    public static Socket ConnectTo(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            socket.Blocking = true;
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        if (Fd >= 0)
        {
            _ = DescriptorCalls.Close(Fd);
            Fd = -1;
        }
    }
}
