using System.Buffers.Binary;
using Templating.OwnerPort.Errors;

namespace Templating.OwnerPort.Frames;

/// <summary>The fields of a frame of the guest. Each throws <see cref="OwnerPortException"/> where they are cut short.</summary>
internal ref struct FieldReader(FrameType type, ReadOnlySpan<byte> payload)
{
    private readonly int _length = payload.Length;
    private ReadOnlySpan<byte> _left = payload;

    public byte U8() => Take(sizeof(byte))[0];

    public ushort U16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(sizeof(ushort)));

    public uint U32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint)));

    public ulong U64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong)));

    public ReadOnlySpan<byte> Rest() => Take(_left.Length);

    /// <exception cref="OwnerPortException">There is more.</exception>
    public readonly void End()
    {
        if (_left.Length > 0)
        {
            throw new OwnerPortException($"A {type} of the guest has {_left.Length} bytes after its last field.");
        }
    }

    public ReadOnlySpan<byte> Take(int count)
    {
        if (count > _left.Length)
        {
            throw new OwnerPortException($"A {type} of the guest is cut short: it has {_length} bytes.");
        }

        var taken = _left[..count];
        _left = _left[count..];
        return taken;
    }
}
