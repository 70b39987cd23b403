using System.Net.Sockets;
using Templating.Api.Client;
using Templating.Testing;

namespace Templating.UnitTests.Api;

public sealed class DaemonSocketTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Socket _listening = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly List<Socket> _crowd = [];

    public DaemonSocketTests()
    {
        _listening.Bind(new UnixDomainSocketEndPoint(_folder["s"]));
        _listening.Listen(1);
    }

    [Fact]
    public async Task WhoComesWhileOthersCrowdIsLetInWhenThereIsRoom()
    {
        Crowd();
        var connecting = DaemonSocket.ConnectAsync(_folder["s"], CancellationToken.None);
        connecting.IsCompleted.ShouldBeFalse();

        using var first = await _listening.AcceptAsync();

        using var connected = await connecting.Soonest();
        connected.Connected.ShouldBeTrue();
    }

    [Fact]
    public async Task WaitingForRoomEndsWithTheCallersPatience()
    {
        Crowd();
        using var patience = new CancellationTokenSource();
        var connecting = DaemonSocket.ConnectAsync(_folder["s"], patience.Token);

        await patience.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(connecting).Soonest();
    }

    [Fact]
    public async Task WhereNobodyListensIsSaidAtOnce()
    {
        (await Should.ThrowAsync<SocketException>(DaemonSocket.ConnectAsync(_folder.Write("nobody", ""), CancellationToken.None)).Soonest())
            .SocketErrorCode.ShouldBe(SocketError.ConnectionRefused);
    }

    public void Dispose()
    {
        _crowd.ForEach(socket => socket.Dispose());
        _listening.Dispose();
        _folder.Dispose();
    }

    /// <summary>Until the queue takes no more.</summary>
    private void Crowd()
    {
        while (true)
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
            _crowd.Add(socket);
            try
            {
                socket.Connect(new UnixDomainSocketEndPoint(_folder["s"]));
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.WouldBlock)
            {
                return;
            }
        }
    }
}
