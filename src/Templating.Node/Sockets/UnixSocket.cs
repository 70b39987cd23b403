using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Templating.Core.Linux;
using Templating.Node.Authorization;
using Templating.Node.Linux;
using Templating.Node.Options;

namespace Templating.Node.Sockets;

/// <summary>The daemon's Unix socket.</summary>
internal static class UnixSocket
{
    // asm-generic/socket.h; struct ucred { pid_t pid; uid_t uid; gid_t gid; }
    private const int SolSocket = 1;
    private const int SoPeerCred = 17;

    /// <summary>
    /// Binds, and sets owner and mode before anybody listens: until then a connect is refused, so there is no moment in
    /// which the wrong user gets in.
    /// </summary>
    public static Socket Bind(EndPoint endPoint, NodeOptions options)
    {
        var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint);
        if (endPoint is UnixDomainSocketEndPoint)
        {
            try
            {
                SetAccess(options);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        return socket;
    }

    public static UnixPeer ReadPeer(Socket socket)
    {
        Span<byte> credentials = stackalloc byte[12];
        socket.GetRawSocketOption(SolSocket, SoPeerCred, credentials);
        return new UnixPeer(
            MemoryMarshal.Read<int>(credentials), MemoryMarshal.Read<uint>(credentials[4..]), MemoryMarshal.Read<uint>(credentials[8..]));
    }

    /// <summary>Whether somebody answers there. A socket file without a listener is left by a daemon that was killed.</summary>
    public static async Task<bool> AnswersAsync(string path, CancellationToken cancellationToken)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
            return true;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
        {
            return false;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.WouldBlock)
        {
            // Its queue is full: somebody listens, and is slow to accept.
            return true;
        }
    }

    private static void SetAccess(NodeOptions options)
    {
        var path = options.EffectiveSocketPath;
        if (options.SocketGroup is { } group && LibC.ChangeOwner(path, uint.MaxValue, Groups.Find(group)!.Value) != 0)
        {
            throw new IOException(
                $"Cannot give '{path}' to group '{group}'; the daemon must be root or a member of it.",
                new Win32Exception(Marshal.GetLastPInvokeError()));
        }

        File.SetUnixFileMode(path, options.EffectiveSocketMode);
    }
}
