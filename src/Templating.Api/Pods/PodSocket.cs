using System.Net.Sockets;
using System.Runtime.InteropServices;
using Grpc.Core;
using Microsoft.Win32.SafeHandles;
using Templating.Api.Client;

namespace Templating.Api.Pods;

/// <summary>
/// Connects to a VM pod's socket. The folder it is in belongs to the pod, so a link in its place is not followed: it could
/// lead a daemon that is root to any socket of the node. And its path under the kubelet's folder is longer than the 107
/// bytes of a Unix socket's address (unix(7)). Both are met by way of a descriptor.
/// </summary>
internal static partial class PodSocket
{
    // linux/fcntl.h on x86-64.
    private const int OpenPath = 0x200000;
    private const int OpenNoFollow = 0x20000;
    private const int OpenCloseOnExec = 0x80000;

    /// <exception cref="TemplatingClientException">Unavailable: there is no socket, or nobody listens.</exception>
    public static async Task<PodConnection> ConnectAsync(string path, CancellationToken cancellationToken)
    {
        using var file = new SafeFileHandle(Open(path, OpenPath | OpenNoFollow | OpenCloseOnExec), ownsHandle: true);
        if (file.IsInvalid)
        {
            throw Unreachable(path, Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError()), inner: null);
        }

        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint($"/proc/self/fd/{file.DangerousGetHandle()}"), cancellationToken);
            return new PodConnection(socket);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw Unreachable(path, e.Message, e);
        }
        catch (OperationCanceledException)
        {
            socket.Dispose();
            throw;
        }
    }

    private static TemplatingClientException Unreachable(string path, string why, Exception? inner) => new(
        StatusCode.Unavailable, $"The pod does not answer at {path}: {why}. Is 'templating pod' running?", inner);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);
}
