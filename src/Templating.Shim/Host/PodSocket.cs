using System.Net.Sockets;
using Templating.Core.Linux;

namespace Templating.Shim.Host;

/// <summary>The socket that containerd calls a pod's shim at.</summary>
internal static class PodSocket
{
    private const int Backlog = 128;

    /// <summary>Whether a process has it open and listens. A connection is made by the kernel: nothing is waited for.</summary>
    public static bool Answers(string path)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return true;
        }
        catch (SocketException e)
        {
            // Its queue is full: somebody has it.
            return e.SocketErrorCode is SocketError.WouldBlock;
        }
    }

    /// <summary>Listens there already when it is handed on. What nobody listens at any more is removed first.</summary>
    /// <returns>The descriptor. A Socket that is disposed would remove the path.</returns>
    public static SafeSocketHandle Listen(string path)
    {
        File.Delete(path);
#pragma warning disable CA2000 // Its handle is what is returned, and closed.
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
#pragma warning restore CA2000
        try
        {
            socket.Bind(new UnixDomainSocketEndPoint(path));
            // Before anybody listens: there is no moment in which another gets in.
            File.SetUnixFileMode(path, FileSystem.OwnerOnlyFile);
            socket.Listen(Backlog);
            return socket.SafeHandle;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
