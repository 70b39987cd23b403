using System.Buffers.Binary;
using Templating.OwnerPort.Errors;

namespace Templating.OwnerPort.Frames;

/// <summary>Bytes of the guest to frames: one at a time, in one buffer of the largest one's size.</summary>
/// <param name="port">Where the bytes come from.</param>
/// <param name="first">What was read of it before.</param>
internal sealed class FrameReader(Stream port, ReadOnlyMemory<byte> first)
{
    private readonly byte[] _buffer = [.. first.Span, .. new byte[PortLimits.Header + PortLimits.PayloadToHost - first.Length]];
    private int _start;
    private int _end = first.Length;
    private int _padding;

    /// <returns>Null where the port closed after a whole frame.</returns>
    /// <exception cref="OwnerPortException">No guest sends that, or the port closed within a frame.</exception>
    public async ValueTask<Frame?> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (TryTake(out var frame))
            {
                return frame;
            }

            MakeRoom();
            var got = await port.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            if (got == 0)
            {
                return _end == _start ? null : throw new OwnerPortException($"The port closed within a frame, after {_end - _start} bytes of it.");
            }

            _end += got;
        }
    }

    private bool TryTake(out Frame frame)
    {
        frame = default;
        SkipPadding();
        var there = _buffer.AsSpan(_start, _end - _start);
        if (there.IsEmpty)
        {
            return false;
        }

        // As soon as it can be told: of what is no frame no more is waited for.
        var type = (FrameType)there[0];
        if (type is < FrameType.Welcome or > FrameType.Exit)
        {
            throw new OwnerPortException($"The guest sent a frame of type {there[0]}; expected {(int)FrameType.Welcome} to {(int)FrameType.Exit}.");
        }

        if (there.Length < PortLimits.Header)
        {
            return false;
        }

        var length = BinaryPrimitives.ReadUInt32LittleEndian(there[(sizeof(byte) + sizeof(uint))..]);
        if (length > PortLimits.PayloadToHost)
        {
            throw new OwnerPortException($"The guest sent a {type} of {length} bytes; at most {PortLimits.PayloadToHost} are allowed.");
        }

        var size = PortLimits.Header + (int)length;
        if (there.Length < size)
        {
            return false;
        }

        frame = new Frame(type, BinaryPrimitives.ReadUInt32LittleEndian(there[sizeof(byte)..]), _buffer.AsMemory(_start + PortLimits.Header, (int)length));
        _start += size;
        _padding = 0;
        return true;
    }

    private void SkipPadding()
    {
        var there = _buffer.AsSpan(_start, _end - _start);
        var zeros = there.IndexOfAnyExcept((byte)0) is var at and >= 0 ? at : there.Length;
        _start += zeros;
        _padding += zeros;
        if (_padding > PortLimits.Padding)
        {
            throw new OwnerPortException($"The guest sent more than {PortLimits.Padding} bytes of padding in a row.");
        }
    }

    /// <summary>A whole frame fits from the buffer's begin.</summary>
    private void MakeRoom()
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
    }
}
