using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Templating.Core.Errors;
using Templating.Core.Machines;

namespace Templating.Qemu.Process;

/// <summary>
/// Takes the host ports of forwards, free ones for those that name none, and keeps them from others until whoever is to listen
/// there does: what is wrong with one is told by the kernel, before there is a VM. A socket that is bound and does not listen lets
/// another bind beside it where both set SO_REUSEADDR (socket(7)), as QEMU and passt do.
/// </summary>
internal sealed class PortReservations : IDisposable
{
    /// <summary>ip-sysctl: the first port that needs no CAP_NET_BIND_SERVICE.</summary>
    private const string FirstUnprivileged = "/proc/sys/net/ipv4/ip_unprivileged_port_start";

    private readonly List<Socket> _held = [];
    private readonly bool _privileged;

    /// <param name="wanted">Those without a port get one.</param>
    /// <param name="user">Who is to listen there; null for this process's own.</param>
    /// <exception cref="TemplatingException">PortUnavailable: a port cannot be had.</exception>
    public PortReservations(IReadOnlyList<PortForward> wanted, VmUser? user)
    {
        _privileged = user is null or { Uid: 0 };
        try
        {
            Forwards = [.. wanted.Select(forward => forward with { HostPort = Hold(forward) })];
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
        if (!_privileged && forward.HostPort != 0 && forward.HostPort < FirstFree())
        {
            throw Refused(forward, SocketError.AccessDenied, inner: null);
        }

        try
        {
            var address = IPAddress.Parse(forward.HostAddress);
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            _held.Add(socket);
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, optionValue: true);
            socket.Bind(new IPEndPoint(address, forward.HostPort));
            return (ushort)((IPEndPoint)socket.LocalEndPoint!).Port;
        }
        catch (SocketException e)
        {
            throw Refused(forward, e.SocketErrorCode, e);
        }
    }

    private static TemplatingException Refused(PortForward forward, SocketError error, SocketException? inner)
    {
        var (address, port) = (forward.HostAddress, forward.HostPort);
        var problem = error switch
        {
            SocketError.AddressAlreadyInUse => $"Port {port} of {address} is taken: another program of the host, or another clone, listens there. Choose another, or leave it out for a free one.",
            SocketError.AddressNotAvailable => $"The host has no address {address} for port {port} to be on: choose one that it has ('ip address'), or leave it out for 127.0.0.1.",
            SocketError.AddressFamilyNotSupported => $"The host has no network for {address}: choose an address of another kind.",
            SocketError.AccessDenied => $"Port {port} of {address} is privileged (below {FirstFree()}), and VMs have no privileges: choose a higher one, or lower net.ipv4.ip_unprivileged_port_start.",
            _ => null,
        };
        return problem is not null
            ? new TemplatingException(ErrorCode.PortUnavailable, problem, inner)
            {
                Details = new Dictionary<string, string>(StringComparer.Ordinal)
                {
                    ["address"] = address,
                    ["port"] = port.ToString(CultureInfo.InvariantCulture),
                },
            }
            : HostFailure.Find(inner!) ?? new TemplatingException(ErrorCode.PortUnavailable, $"Port {port} of {address} cannot be had: {inner!.Message}.", inner);
    }

    private static int FirstFree() => int.Parse(File.ReadAllText(FirstUnprivileged), CultureInfo.InvariantCulture);
}
