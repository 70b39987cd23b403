using System.Net;
using System.Net.Sockets;
using Templating.Core.Errors;
using Templating.Core.Machines;
using Templating.Qemu.Process;

namespace Templating.UnitTests.Qemu;

public sealed class PortReservationsTests
{
    private static readonly VmUser Nobody = new(65534, 65534);

    [Fact]
    public void APortThatSomebodyListensOnIsNamed()
    {
        using var taken = new TcpListener(IPAddress.Any, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;

        var refusal = Refusal(new PortForward(80, port, "127.0.0.1"), Nobody);

        refusal.Message.ShouldStartWith($"Port {port} of 127.0.0.1 is taken");
        refusal.Details["address"].ShouldBe("127.0.0.1");
    }

    /// <summary>A documentation address (RFC 5737): no host has it.</summary>
    [Fact]
    public void AnAddressThatTheHostHasNotIsNamed() => Refusal(new PortForward(80, 8080, "192.0.2.1"), Nobody).Message.ShouldContain("no address 192.0.2.1");

    [Fact]
    public void APrivilegedPortIsRefusedForAUserWithoutPrivileges()
    {
        var first = int.Parse(File.ReadAllText("/proc/sys/net/ipv4/ip_unprivileged_port_start"), System.Globalization.CultureInfo.InvariantCulture);
        if (first > 1)
        {
            Refusal(new PortForward(80, first - 1, "127.0.0.1"), Nobody).Message.ShouldContain("is privileged");
        }
    }

    [Fact]
    public void WhoeverIsToListenThereCanWhileItIsReserved()
    {
        using var reserved = new PortReservations([new PortForward(80, 0, "127.0.0.1"), new PortForward(81, 0, "127.0.0.1")], Nobody);
        reserved.Forwards.Select(f => f.HostPort).ShouldAllBe(port => port > 0);
        reserved.Forwards[0].HostPort.ShouldNotBe(reserved.Forwards[1].HostPort);
        using var again = new PortReservations(reserved.Forwards, Nobody);
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, optionValue: true);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, reserved.Forwards[0].HostPort));
        listener.Listen();
    }

    private static TemplatingException Refusal(PortForward forward, VmUser? user)
    {
        var refusal = Should.Throw<TemplatingException>(() => new PortReservations([forward], user));
        refusal.Code.ShouldBe(ErrorCode.PortUnavailable);
        return refusal;
    }
}
