using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Templating.UnitTests.Node.Fakes;

internal static partial class TestSockets
{
    private const long SetResUid = 117;
    private const long SetResGid = 119;
    private const long SetGroups = 116;

    public static Socket Connect(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>
    /// A connection of another user. Credentials belong to a thread in Linux; only libc spreads them to all, so a raw system
    /// call changes those of one thread, which connects and ends.
    /// </summary>
    public static Socket ConnectAs(uint uid, uint gid, string path)
    {
        Socket? socket = null;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                if (Call(SetGroups, 0, 0, 0) != 0 || Call(SetResGid, gid, gid, gid) != 0 || Call(SetResUid, uid, uid, uid) != 0)
                {
                    throw new InvalidOperationException("Cannot become another user.");
                }

                socket = Connect(path);
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
        return socket!;
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long Call(long number, long a, long b, long c);
}

/// <summary>Needs root, to be somebody else for a moment.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RootFactAttribute : FactAttribute
{
    public RootFactAttribute()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            Skip = "Only root can connect as another user.";
        }
    }
}
