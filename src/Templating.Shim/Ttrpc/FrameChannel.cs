using Google.Protobuf;

namespace Templating.Shim.Ttrpc;

/// <summary>Frames over a connection: read by one caller, written by any number.</summary>
internal sealed class FrameChannel(Stream stream) : IDisposable
{
    private const int FirstPart = 64 * 1024;

    private readonly byte[] _header = new byte[Frame.HeaderLength];
    private readonly SemaphoreSlim _writing = new(1, 1);

    /// <returns>Null when the other side has closed between two frames.</returns>
    /// <exception cref="IOException">The connection broke, also within a frame.</exception>
    public async Task<Frame?> ReadAsync(CancellationToken cancellationToken)
    {
        var got = await stream.ReadAtLeastAsync(_header, _header.Length, throwOnEndOfStream: false, cancellationToken);
        if (got == 0)
        {
            return null;
        }

        var frame = got == _header.Length ? Frame.ReadHeader(_header) : throw new EndOfStreamException("The connection ended within a frame's header.");
        if (!frame.TooLong)
        {
            return frame with { Payload = await ReadPayloadAsync((int)frame.Length, cancellationToken) };
        }

        await PassOverAsync(frame.Length, cancellationToken);
        return frame;
    }

    /// <summary>Cancelled, it stops waiting: a frame that was begun is still sent whole, for the next one to be found.</summary>
    /// <exception cref="IOException">The connection broke.</exception>
    public async Task SendAsync(uint id, FrameType type, IMessage message, CancellationToken cancellationToken)
    {
        var length = message.CalculateSize();
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Frame.HighestLength, nameof(message));
        var bytes = new byte[Frame.HeaderLength + length];
        Frame.WriteHeader(bytes, id, type, length);
        message.WriteTo(bytes.AsSpan(Frame.HeaderLength));

        await _writing.WaitAsync(cancellationToken);
        await WriteAsync(bytes).WaitAsync(cancellationToken);
    }

    /// <summary>Whoever reads or writes fails by it.</summary>
    public void Dispose() => stream.Dispose();

    private async Task WriteAsync(byte[] bytes)
    {
        try
        {
            await stream.WriteAsync(bytes, CancellationToken.None);
        }
        catch (ObjectDisposedException e)
        {
            throw new IOException("The connection is closed.", e);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Memory is taken as bytes come, not as a header claims.</summary>
    private async Task<byte[]> ReadPayloadAsync(int length, CancellationToken cancellationToken)
    {
        var payload = new byte[Math.Min(length, FirstPart)];
        var filled = 0;
        while (true)
        {
            await stream.ReadExactlyAsync(payload.AsMemory(filled), cancellationToken);
            if (payload.Length == length)
            {
                return payload;
            }

            filled = payload.Length;
            Array.Resize(ref payload, Math.Min(length, 2 * filled));
        }
    }

    private async Task PassOverAsync(long bytes, CancellationToken cancellationToken)
    {
        var buffer = new byte[FirstPart];
        while (bytes > 0)
        {
            var part = buffer.AsMemory(0, (int)Math.Min(buffer.Length, bytes));
            await stream.ReadExactlyAsync(part, cancellationToken);
            bytes -= part.Length;
        }
    }
}
