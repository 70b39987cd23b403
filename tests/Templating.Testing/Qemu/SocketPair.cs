using System.Net.Sockets;

namespace Templating.Testing.Qemu;

/// <summary>Two connected Unix sockets: one for the code under test, one for the scripted peer.</summary>
public static class SocketPair
{
    public static (Socket Ours, Socket Theirs) Create()
    {
        using var folder = new TempFolder();
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        var address = new UnixDomainSocketEndPoint(folder["s"]);
        listener.Bind(address);
        listener.Listen();
        var ours = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        ours.Connect(address);
        return (ours, listener.Accept());
    }
}
