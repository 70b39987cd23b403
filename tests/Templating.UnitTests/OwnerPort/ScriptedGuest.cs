using System.Buffers.Binary;
using System.Net.Sockets;
using Templating.OwnerPort.Conversations;
using Templating.OwnerPort.Frames;
using Templating.OwnerPort.Processes;
using Templating.Testing;
using Templating.Testing.Qemu;

namespace Templating.UnitTests.OwnerPort;

/// <summary>The guest's end of an owner's port, which a test speaks itself, frame by frame.</summary>
internal sealed class ScriptedGuest(Socket socket) : IDisposable
{
    private readonly NetworkStream _port = new(socket, ownsSocket: true);

    /// <summary>Zeros that came before the frame that was read last.</summary>
    public int Padding { get; private set; }

    /// <summary>A conversation that has begun already.</summary>
    public static (OwnerPortConnection Host, ScriptedGuest Guest) Begin(GuestLimits? limits = null, OwnerPortOptions? options = null)
    {
        var (ours, theirs) = SocketPair.Create();
        var port = new NetworkStream(ours, ownsSocket: true);
        return (OwnerPortConnection.Over(port, limits ?? new GuestLimits(PortLimits.PayloadToGuest, 64, 262_144, 65_536), options ?? new OwnerPortOptions()), new ScriptedGuest(theirs));
    }

    public static byte[] Frame(FrameType type, uint stream, params byte[] payload)
    {
        var frame = new byte[PortLimits.Header + payload.Length];
        frame[0] = (byte)type;
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(1), stream);
        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(5), payload.Length);
        payload.CopyTo(frame, PortLimits.Header);
        return frame;
    }

    public static byte[] Number(uint value)
    {
        var bytes = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return bytes;
    }

    public static byte[] Exit(uint code, uint signal = 0, byte flags = 0) => [.. Number(code), .. Number(signal), flags];

    /// <summary>What the host sends next.</summary>
    public async Task<(FrameType Type, uint Stream, byte[] Payload)> ReadAsync()
    {
        var header = new byte[PortLimits.Header];
        for (Padding = 0; header[0] == 0; Padding += header[0] == 0 ? 1 : 0)
        {
            await _port.ReadExactlyAsync(header.AsMemory(0, 1)).AsTask().Soonest();
        }

        await _port.ReadExactlyAsync(header.AsMemory(1)).AsTask().Soonest();
        var payload = new byte[BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(5))];
        await _port.ReadExactlyAsync(payload).AsTask().Soonest();
        return ((FrameType)header[0], BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(1)), payload);
    }

    public async Task<(uint Stream, byte[] Payload)> ReadAsync(FrameType expected)
    {
        var (type, stream, payload) = await ReadAsync();
        type.ShouldBe(expected);
        return (stream, payload);
    }

    /// <summary>Whether the host has gone; what it sent before is dropped.</summary>
    public async Task<bool> IsLeftAsync()
    {
        var buffer = new byte[65_536];
        try
        {
            while (await _port.ReadAsync(buffer).AsTask().Soonest() > 0)
            {
            }
        }
        catch (IOException)
        {
            // It left what we had said unread.
        }

        return true;
    }

    public Task SendAsync(FrameType type, uint stream, params byte[] payload) => SendAsync(Frame(type, stream, payload));

    public Task SendAsync(byte[] bytes) => _port.WriteAsync(bytes).AsTask().Soonest();

    /// <summary>Answers the next request by that.</summary>
    public async Task<byte[]> AnswerAsync(FrameType request, FrameType answer, params byte[] payload)
    {
        var (stream, asked) = await ReadAsync(request);
        await SendAsync(answer, stream, payload);
        return asked;
    }

    /// <summary>A process that runs.</summary>
    public async Task<GuestProcess> StartAsync(OwnerPortConnection host, bool input = false, WindowSize? terminal = null)
    {
        var starting = host.RunAsync(new ProcessStart("one", "{}"u8.ToArray()) { Input = input, Terminal = terminal }, CancellationToken.None);
        await AnswerAsync(FrameType.Run, FrameType.Started, Number(77));
        return await starting.Soonest();
    }

    public void Dispose() => _port.Dispose();
}
