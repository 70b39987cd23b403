using System.Net;
using System.Net.Sockets;
using Templating.Core.Errors;
using Templating.Core.Machines;

namespace Templating.Qemu.Process;

/// <summary>
/// Chooses free host ports for forwards that name none, and keeps them from others until whoever is to listen there does.
/// A socket that is bound and does not listen lets another bind beside it where both set SO_REUSEADDR (socket(7)).
/// </summary>
internal sealed class PortReservations : IDisposable
{
    private readonly List<Socket> _held = [];

    /// <exception cref="TemplatingException">InvalidArgument: no port of that address can be had.</exception>
    public PortReservations(IReadOnlyList<PortForward> wanted)
    {
        try
        {
            Forwards = [.. wanted.Select(forward => forward.HostPort != 0 ? forward : forward with { HostPort = Hold(forward) })];
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>As wanted, each with its port.</summary>
    public IReadOnlyList<PortForward> Forwards { get; }

    public void Dispose() => _held.ForEach(socket => socket.Dispose());

    private ushort Hold(PortForward forward)
    {
        var address = IPAddress.Parse(forward.HostAddress);
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        _held.Add(socket);
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, optionValue: true);
            socket.Bind(new IPEndPoint(address, 0));
            return (ushort)((IPEndPoint)socket.LocalEndPoint!).Port;
        }
        catch (SocketException e)
        {
            throw new TemplatingException(ErrorCode.InvalidArgument, $"No port of {forward.HostAddress} can be had: {e.Message}", e);
        }
    }
}
