using System.Buffers.Binary;
using System.Net.Sockets;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Logging.Abstractions;
using Templating.Shim.Protocol.Tasks;
using Templating.Shim.Protocol.Ttrpc;
using Templating.Shim.Ttrpc;
using Templating.Testing;

namespace Templating.ShimTests.Ttrpc;

/// <summary>A server at a socket of its own, and what a test sends it.</summary>
internal sealed class TtrpcHost : IAsyncDisposable
{
    public const string Service = "test.Service";

    private readonly TempFolder _folder = new();
    private readonly CancellationTokenSource _stop = new();
    private Task _serving = Task.CompletedTask;

    public TtrpcHost(TimeProvider? time = null) => Server = new TtrpcServer(NullLogger.Instance, time ?? TimeProvider.System);

    public TtrpcServer Server { get; }

    public string Path => _folder["s"];

    public Task Serving => _serving;

    /// <summary>Answers with the request's id.</summary>
    public TtrpcHost Echo()
    {
        Server.Register(Service, "Echo", StateRequest.Parser, (request, _) => Task.FromResult(new StateResponse { Id = request.Id }));
        return this;
    }

    public TtrpcHost On(string method, Func<StateRequest, CancellationToken, Task> handler, bool outlivesCaller = false)
    {
        Server.Register(
            Service, method, StateRequest.Parser, async (request, token) =>
            {
                await handler(request, token);
                return new Empty();
            }, outlivesCaller);
        return this;
    }

    public TtrpcHost Start()
    {
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(Path));
        listener.Listen(1024);
        _serving = Server.ServeAsync(listener, _stop.Token);
        return this;
    }

    public Task StopAsync()
    {
        _stop.Cancel();
        return _serving.Soonest();
    }

    public Task<TtrpcClient> ConnectAsync(TimeProvider? time = null) => TtrpcClient.ConnectAsync(Path, CancellationToken.None, time).Soonest();

    public async Task<RawPeer> ConnectRawAsync()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path)).Soonest();
        return new RawPeer(socket);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
        _folder.Dispose();
    }
}

/// <summary>The other end of a connection, byte by byte.</summary>
internal sealed class RawPeer(Socket socket) : IDisposable
{
    private readonly NetworkStream _stream = new(socket, ownsSocket: true);

    public static byte[] Header(uint length, uint stream, byte type, byte flags = 0)
    {
        var header = new byte[10];
        BinaryPrimitives.WriteUInt32BigEndian(header, length);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(4), stream);
        (header[8], header[9]) = (type, flags);
        return header;
    }

    public static byte[] Call(uint stream, string method, string id = "", string service = TtrpcHost.Service, long timeout = 0, byte flags = 0)
    {
        var request = new Request { Service = service, Method = method, Payload = new StateRequest { Id = id }.ToByteString(), TimeoutNano = timeout };
        return [.. Header((uint)request.CalculateSize(), stream, 1, flags), .. request.ToByteArray()];
    }

    public static byte[] Answer(uint stream, Response response) => [.. Header((uint)response.CalculateSize(), stream, 2), .. response.ToByteArray()];

    public Task SendAsync(byte[] bytes) => _stream.WriteAsync(bytes).AsTask().Soonest();

    public async Task<(uint Stream, byte Type, byte[] Payload)> ReadAsync()
    {
        var header = new byte[10];
        await _stream.ReadExactlyAsync(header).AsTask().Soonest();
        var payload = new byte[BinaryPrimitives.ReadUInt32BigEndian(header)];
        await _stream.ReadExactlyAsync(payload).AsTask().Soonest();
        return (BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(4)), header[8], payload);
    }

    public async Task<(uint Stream, Response Response)> ReadAnswerAsync()
    {
        var (stream, type, payload) = await ReadAsync();
        type.ShouldBe((byte)2);
        return (stream, Response.Parser.ParseFrom(payload));
    }

    public async Task<(uint Stream, Request Request)> ReadCallAsync()
    {
        var (stream, type, payload) = await ReadAsync();
        type.ShouldBe((byte)1);
        return (stream, Request.Parser.ParseFrom(payload));
    }

    /// <summary>Whether the other side has closed it.</summary>
    public async Task<bool> IsLeftAsync()
    {
        try
        {
            return await _stream.ReadAsync(new byte[1]).AsTask().Soonest() == 0;
        }
        catch (IOException)
        {
            return true;
        }
    }

    public void Dispose() => _stream.Dispose();
}
