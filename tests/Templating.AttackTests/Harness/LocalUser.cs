using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Templating.AttackTests.Harness;

/// <summary>
/// Connects as another user of this machine. The kernel notes a connection's user by the thread that connects, and the system
/// call, unlike libc's function, changes that thread alone (setresuid(2)).
/// </summary>
internal static partial class LocalUser
{
    // asm/unistd_64.h
    private const nint SetResUid = 117;
    private const nint SetResGid = 119;
    private const nint Keep = -1;
    private const nint Root = 0;

    /// <summary>A daemon that takes no more connections must not keep the test.</summary>
    private const int ConnectMilliseconds = 2000;

    /// <summary>As many connections as the daemon takes of so many.</summary>
    public static Task<IReadOnlyList<Socket>> ConnectAsync(string path, uint user, int count = 1)
    {
        var done = new TaskCompletionSource<IReadOnlyList<Socket>>(TaskCreationOptions.RunContinuationsAsynchronously);
        // A thread of its own: one of the pool's must not be somebody else.
        var thread = new Thread(() =>
        {
            try
            {
                Become((nint)user);
                done.SetResult(Connect(path, count));
            }
            catch (Exception e) when (e is SocketException or Win32Exception)
            {
                done.SetException(e);
            }
        });
        thread.Start();
        return done.Task;
    }

    private static List<Socket> Connect(string path, int count)
    {
        var sockets = new List<Socket>(count);
        while (sockets.Count < count)
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { SendTimeout = ConnectMilliseconds };
            try
            {
                socket.Connect(new UnixDomainSocketEndPoint(path));
                sockets.Add(socket);
            }
            catch (SocketException) when (sockets.Count > 0)
            {
                socket.Dispose();
                break;
            }
        }

        return sockets;
    }

    private static void Become(nint id)
    {
        if (SystemCall(SetResGid, Keep, id, Root) != 0 || SystemCall(SetResUid, Keep, id, Root) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SystemCall(nint number, nint first, nint second, nint third);
}
