using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Templating.Benchmarks;

/// <summary>
/// An owner's end of its guest's port (docs/guest-protocol.md), one request at a time: what the figures need of a shim, which cannot be
/// had here as it is another's.
/// </summary>
internal sealed class OwnerPort : IDisposable
{
    private const int HeaderBytes = 9;
    private const ulong UpperBytes = 16 << 20;

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly NetworkStream _stream;
    private uint _next;

    private OwnerPort(string path)
    {
        _socket.Connect(new UnixDomainSocketEndPoint(path));
        _stream = new NetworkStream(_socket, ownsSocket: true);
    }

    private enum Frame : byte
    {
        Hello = 1,
        Mount = 2,
        Network = 4,
        Run = 6,
        Exec = 7,
        Credit = 10,
        Welcome = 65,
        Done = 66,
        Error = 67,
        Started = 68,
        Output = 69,
        ErrorOutput = 70,
        Taken = 71,
        Exit = 72,
    }

    private enum DeviceBy : byte
    {
        None = 0,
        Pci = 3,
    }

    public static async Task<OwnerPort> ConnectAsync(string path, CancellationToken cancellationToken)
    {
        var port = new OwnerPort(path);
        var hello = new Fields().Raw("TGOWNER1"u8).U16(1).Raw(RandomNumberGenerator.GetBytes(16));
        await port.SendAsync(Frame.Hello, 0, hello, cancellationToken);
        await port.ReadAsync(0, Frame.Welcome, cancellationToken);
        return port;
    }

    /// <summary>An image by its PCI address, with a tmpfs above it; the root's folder.</summary>
    public async Task<string> MountAsync(string name, string bridge, CancellationToken cancellationToken)
    {
        var fields = new Fields().Text(name).Device(DeviceBy.Pci, bridge).U8(1).U64(UpperBytes).Device(DeviceBy.None, "").U32(30_000);
        return Encoding.UTF8.GetString(await AskAsync(Frame.Mount, fields, Frame.Done, cancellationToken)).Split('\n')[0];
    }

    /// <summary>The card of that address, up and with its address.</summary>
    public async Task NetworkAsync(byte[] mac, IPAddress address, byte prefix, CancellationToken cancellationToken)
    {
        var fields = new Fields().Raw(mac).Text("eth0").U32(0).U8(1).U8(4).Raw(address.GetAddressBytes()).U8(prefix).U8(0).U8(0).U32(30_000);
        await AskAsync(Frame.Network, fields, Frame.Done, cancellationToken);
    }

    /// <summary>The pod's network without a card.</summary>
    public async Task NetworkAsync(CancellationToken cancellationToken) =>
        await AskAsync(Frame.Network, new Fields().Raw(new byte[6]).Text("eth0").U32(0).U8(0).U8(0).U8(0).U32(0), Frame.Done, cancellationToken);

    /// <summary>Until the container's process has been started.</summary>
    public async Task<uint> RunAsync(string container, byte[] config, CancellationToken cancellationToken)
    {
        await AskAsync(Frame.Run, Process(container, config), Frame.Started, cancellationToken);
        return _next;
    }

    public async Task<uint> ExecAsync(string container, byte[] process, CancellationToken cancellationToken)
    {
        await AskAsync(Frame.Exec, Process(container, process), Frame.Started, cancellationToken);
        return _next;
    }

    /// <summary>Until that process has ended, which it must have done with 0.</summary>
    public async Task WaitAsync(uint stream, CancellationToken cancellationToken)
    {
        var exit = await ReadAsync(stream, Frame.Exit, cancellationToken);
        if (BinaryPrimitives.ReadUInt32LittleEndian(exit) is not 0 and var code)
        {
            throw new BenchmarkException($"A process in the guest ended with {code}.");
        }
    }

    public void Dispose() => _stream.Dispose();

    private static Fields Process(string container, byte[] specification) => new Fields().Text(container).U8(0).U16(0).U16(0).Raw(specification);

    private async Task<byte[]> AskAsync(Frame type, Fields fields, Frame answer, CancellationToken cancellationToken)
    {
        await SendAsync(type, ++_next, fields, cancellationToken);
        return await ReadAsync(_next, answer, cancellationToken);
    }

    private async Task SendAsync(Frame type, uint stream, Fields fields, CancellationToken cancellationToken)
    {
        var payload = fields.ToArray();
        var header = new Fields().U8((byte)type).U32(stream).U32((uint)payload.Length);
        await _stream.WriteAsync((byte[])[.. header.ToArray(), .. payload], cancellationToken);
    }

    /// <summary>The next frame of that kind on that stream. Output that comes before it is taken and let go.</summary>
    private async Task<byte[]> ReadAsync(uint stream, Frame expected, CancellationToken cancellationToken)
    {
        var header = new byte[HeaderBytes];
        while (true)
        {
            await _stream.ReadExactlyAsync(header, cancellationToken);
            var payload = new byte[BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(5))];
            await _stream.ReadExactlyAsync(payload, cancellationToken);
            var (type, of) = ((Frame)header[0], BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(1)));
            if (type is Frame.Output or Frame.ErrorOutput)
            {
                await SendAsync(Frame.Credit, of, new Fields().U32((uint)payload.Length), cancellationToken);
            }
            else if (type == Frame.Error && of == stream)
            {
                throw new BenchmarkException($"The guest answered: {Encoding.UTF8.GetString(payload.AsSpan(4))}");
            }
            else if (type == expected && of == stream)
            {
                return payload;
            }
        }
    }

    /// <summary>A frame's fields, little-endian.</summary>
    private sealed class Fields
    {
        private readonly ArrayBufferWriter<byte> _bytes = new();

        public Fields U8(byte value) => Raw([value]);

        public Fields U16(ushort value)
        {
            Span<byte> bytes = stackalloc byte[sizeof(ushort)];
            BinaryPrimitives.WriteUInt16LittleEndian(bytes, value);
            return Raw(bytes);
        }

        public Fields U32(uint value)
        {
            Span<byte> bytes = stackalloc byte[sizeof(uint)];
            BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
            return Raw(bytes);
        }

        public Fields U64(ulong value)
        {
            Span<byte> bytes = stackalloc byte[sizeof(ulong)];
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
            return Raw(bytes);
        }

        public Fields Text(string value)
        {
            var bytes = Encoding.UTF8.GetBytes(value);
            return U16((ushort)bytes.Length).Raw(bytes);
        }

        public Fields Device(DeviceBy by, string value) => U8((byte)by).Text(value);

        public Fields Raw(ReadOnlySpan<byte> bytes)
        {
            _bytes.Write(bytes);
            return this;
        }

        public byte[] ToArray() => _bytes.WrittenSpan.ToArray();
    }
}
