using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Templating.Core.Linux;
using Templating.Shim.Forwarding;
using Templating.Shim.Host;
using Templating.Testing;
using TestNetwork = Templating.Testing.Nodes.PodNetwork;

namespace Templating.ShimTests.Forwarding;

/// <summary>A real namespace and the kernel's real lookup; the guest's end of the owner's port is scripted.</summary>
public sealed class LoopbackRelayTests : IAsyncLifetime
{
    private const string Setup = """
        ip link set lo up; ip link add d0 type veth peer name d1; ip link set d0 up; ip link set d1 up
        ip address add 10.99.0.7/24 dev d0; ip address add fd00:99::7/64 dev d0 nodad
        """;

    private readonly TempFolder _folder = new();
    private readonly EchoingGuest _guest = new();
    private ShimLog _log = null!;
    private TestNetwork _pod = null!;
    private LoopbackRelay _relay = null!;

    public async Task InitializeAsync()
    {
        _log = ShimLog.Open(_folder.Path, TimeProvider.System, debug: false);
        _pod = await TestNetwork.MakeAsync();
        await _pod.RunAsync(Setup);
        _relay = LoopbackRelay.TryStart(_pod.Path, _guest.Host, _log).ShouldNotBeNull();
    }

    public async Task DisposeAsync()
    {
        await _relay.DisposeAsync();
        await _guest.DisposeAsync();
        _pod.Dispose();
        _log.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("127.0.0.1", 80)]
    [InlineData("127.0.0.1", 65535)]
    [InlineData("127.8.8.8", 1)]
    [InlineData("::1", 8080)]
    public async Task WhateverThePortMegabytesGoToTheGuestsAndBackAndItsEndIsHeard(string address, int port)
    {
        var data = RandomNumberGenerator.GetBytes(3 << 20);
        using var first = await ConnectAsync(address, port);
        using var second = await ConnectAsync(address, port);

        var both = await Task.WhenAll(EchoAsync(first, data), EchoAsync(second, data[..1_000_000])).Soonest();

        both[0].AsSpan().SequenceEqual(data).ShouldBeTrue();
        both[1].AsSpan().SequenceEqual(data.AsSpan(0, 1_000_000)).ShouldBeTrue();
        _guest.Asked.ShouldBe([(ushort)port, (ushort)port]);
    }

    [Theory]
    [InlineData("10.99.0.7")]
    [InlineData("fd00:99::7")]
    public async Task AnotherAddressOfThePodLeadsNowhere(string address)
    {
        await RefusedAsync(_pod, address, 80);

        _guest.Asked.ShouldBeEmpty();
    }

    [Fact]
    public async Task AnotherNamespacesLoopbackIsItsOwn()
    {
        using var other = await TestNetwork.MakeAsync();
        await other.RunAsync("ip link set lo up");

        await RefusedAsync(other, "127.0.0.1", 80);
        await RefusedAsync(other, "::1", 80);

        _guest.Asked.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(EchoingGuest.Closed)]
    [InlineData(EchoingGuest.Breaking)]
    public async Task WhereNobodyListensOrTheProgramBreaksOffTheCallerIsReset(ushort port)
    {
        await ConnectAndBeResetAsync("127.0.0.1", port);
    }

    [Fact]
    public async Task ACallerThatBreaksOffEndsTheGuestsHalf()
    {
        var caller = await ConnectAsync("127.0.0.1", 80);
        await caller.SendAsync(new byte[1]);
        (await caller.ReceiveAsync(new byte[1]).Soonest()).ShouldBe(1);

        caller.Close(0);

        await _guest.Killed.Task.Soonest();
    }

    [Fact]
    public async Task AGuestThatIsGoneEndsAllCallers()
    {
        using var caller = await ConnectAsync("127.0.0.1", 80);
        await caller.SendAsync(new byte[1]);
        (await caller.ReceiveAsync(new byte[1]).Soonest()).ShouldBe(1);

        await _guest.DisposeAsync();

        await ResetAsync(caller);
        await ConnectAndBeResetAsync("127.0.0.1", 80);
    }

    [Fact]
    public async Task WhenItIsOverNothingOfItIsInTheNamespace()
    {
        using var caller = await ConnectAsync("127.0.0.1", 80);
        await caller.SendAsync(new byte[1]);
        (await caller.ReceiveAsync(new byte[1]).Soonest()).ShouldBe(1);

        await _relay.DisposeAsync();

        await ResetAsync(caller);
        await RefusedAsync(_pod, "127.0.0.1", 80);
        (await _pod.RunAsync("cat /proc/net/tcp /proc/net/tcp6")).ShouldNotContain(" 0A ", Case.Sensitive, "a socket that listens");
    }

    [Fact]
    public async Task WhereThereIsNoNamespaceThePodDoesWithout()
    {
        LoopbackRelay.TryStart(_folder["none"], _guest.Host, _log).ShouldBeNull();
        await File.WriteAllBytesAsync(_folder["file"], []);
        LoopbackRelay.TryStart(_folder["file"], _guest.Host, _log).ShouldBeNull();
    }

    /// <summary>It may come before the caller has heard that it is connected.</summary>
    private async Task ConnectAndBeResetAsync(string address, int port)
    {
        Socket caller;
        try
        {
            caller = await ConnectAsync(address, port);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            return;
        }

        using (caller)
        {
            await ResetAsync(caller);
        }
    }

    private Task<Socket> ConnectAsync(string address, int port) => ConnectAsync(_pod, address, port);

    private static async Task<Socket> ConnectAsync(TestNetwork network, string address, int port)
    {
        var target = new IPEndPoint(IPAddress.Parse(address), port);
        using var inside = NetworkNamespace.TryOpen(network.Path, out _).ShouldNotBeNull();
        var socket = inside.Within(() => new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp));
        try
        {
            await socket.ConnectAsync(target).Soonest();
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task RefusedAsync(TestNetwork network, string address, int port) =>
        (await Should.ThrowAsync<SocketException>(() => ConnectAsync(network, address, port))).SocketErrorCode.ShouldBe(SocketError.ConnectionRefused);

    private static async Task ResetAsync(Socket caller) =>
        (await Should.ThrowAsync<SocketException>(() => caller.ReceiveAsync(new byte[1]).Soonest())).SocketErrorCode.ShouldBe(SocketError.ConnectionReset);

    private static async Task<byte[]> EchoAsync(Socket socket, byte[] data)
    {
        await using var stream = new NetworkStream(socket);
        var sending = SendAsync();
        using var all = new MemoryStream();
        await stream.CopyToAsync(all);
        await sending;
        return all.ToArray();

        async Task SendAsync()
        {
            await stream.WriteAsync(data);
            socket.Shutdown(SocketShutdown.Send);
        }
    }
}
