using System.Net;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using Templating.Core.Linux;

namespace Templating.Shim.Forwarding;

/// <summary>
/// Takes every connection to the loopback of a network namespace, whatever its port is. Nothing in the namespace changes, and nothing is left there: the
/// kernel forgets it with this process' descriptors, also when it is killed.
/// </summary>
internal sealed class LoopbackListener : IDisposable
{
    /// <summary>More than a guest has connections at once.</summary>
    private const int Waiting = 64;

    private readonly List<Socket> _sockets = [];
    private SafeFileHandle? _map;
    private SafeFileHandle? _link;

    private LoopbackListener()
    {
    }

    /// <summary>A socket for each family that the host has. The port that one has taken is told by what it accepts: its local end.</summary>
    public IReadOnlyList<Socket> Sockets => _sockets;

    /// <exception cref="IOException">It is no pod's namespace, or the kernel refuses; Linux has it since 5.9.</exception>
    public static LoopbackListener Open(string namespacePath)
    {
        using var network = NetworkNamespace.TryOpen(namespacePath, out var problem) ?? throw new IOException($"{namespacePath}: {problem}.");
        var listener = new LoopbackListener();
        try
        {
            listener.Open(network);
            return listener;
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        // In this order: no connection is given to a socket that has gone.
        _link?.Dispose();
        _sockets.ForEach(socket => socket.Dispose());
        _map?.Dispose();
    }

    private void Open(NetworkNamespace network)
    {
        _map = BpfCalls.MakeSocketMap(LookupProgram.V6 + 1);
        network.Within(() =>
        {
            Listen(IPAddress.Loopback, LookupProgram.V4);
            Listen(IPAddress.IPv6Loopback, LookupProgram.V6);
            return true;
        });
        using var program = BpfCalls.LoadSocketLookup(LookupProgram.Build(_map.DangerousGetHandle().ToInt32()));
        _link = BpfCalls.Attach(program, network.File);
    }

    private void Listen(IPAddress address, uint key)
    {
        Socket? socket = null;
        try
        {
            socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(address, 0));
            socket.Listen(Waiting);
            BpfCalls.Put(_map!, key, socket.SafeHandle);
            _sockets.Add(socket);
            socket = null;
        }
        catch (SocketException e)
            when (key == LookupProgram.V6 && e.SocketErrorCode is SocketError.AddressFamilyNotSupported or SocketError.AddressNotAvailable)
        {
            // A host, or a pod, without IPv6.
            return;
        }
        catch (SocketException e)
        {
            throw new IOException($"Cannot listen at {address} there: {e.Message}.", e);
        }
        finally
        {
            socket?.Dispose();
        }
    }
}
