using System.Buffers.Binary;
using System.Text;

namespace Templating.OwnerPort.Frames;

/// <summary>A frame to the guest, field by field, little-endian.</summary>
internal sealed class FrameBuilder
{
    private const int FirstRoom = 64;

    private byte[] _bytes;
    private int _length = PortLimits.Header;

    /// <param name="type">One of the host's.</param>
    /// <param name="room">Bytes that the fields will take, as far as that is known.</param>
    public FrameBuilder(FrameType type, int room = FirstRoom)
    {
        _bytes = new byte[PortLimits.Header + room];
        _bytes[0] = (byte)type;
    }

    public FrameBuilder U8(byte value)
    {
        Next(sizeof(byte))[0] = value;
        return this;
    }

    public FrameBuilder U16(ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(Next(sizeof(ushort)), value);
        return this;
    }

    public FrameBuilder U32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(Next(sizeof(uint)), value);
        return this;
    }

    public FrameBuilder U64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(Next(sizeof(ulong)), value);
        return this;
    }

    /// <summary>With its length before it.</summary>
    public FrameBuilder Text(string value)
    {
        var bytes = Encoding.UTF8.GetBytes(value);
        return U16(checked((ushort)bytes.Length)).Raw(bytes);
    }

    public FrameBuilder Raw(ReadOnlySpan<byte> value)
    {
        value.CopyTo(Next(value.Length));
        return this;
    }

    /// <exception cref="InvalidOperationException">It is longer than a frame may be; whoever filled it did not look.</exception>
    public ReadOnlyMemory<byte> Build(uint stream)
    {
        var payload = _length - PortLimits.Header;
        if (payload > PortLimits.PayloadToGuest)
        {
            throw new InvalidOperationException($"A frame of {payload} bytes was made; at most {PortLimits.PayloadToGuest} are allowed.");
        }

        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(sizeof(byte)), stream);
        BinaryPrimitives.WriteInt32LittleEndian(_bytes.AsSpan(sizeof(byte) + sizeof(uint)), payload);
        return _bytes.AsMemory(0, _length);
    }

    private Span<byte> Next(int count)
    {
        if (_length + count > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(2 * _bytes.Length, _length + count));
        }

        _length += count;
        return _bytes.AsSpan(_length - count, count);
    }
}
