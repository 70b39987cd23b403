using System.Buffers.Binary;

namespace Templating.Shim.Ttrpc;

internal enum FrameType : byte
{
    Request = 1,
    Response = 2,

    /// <summary>Of calls that stream, of which the protocol of shims has none.</summary>
    Data = 3,
}

/// <param name="Stream">Of the call; the caller's are odd.</param>
/// <param name="Type">Others than those named are to be passed over, says the protocol.</param>
/// <param name="Flags">0 but where a call streams.</param>
/// <param name="Length">As its header says it.</param>
/// <param name="Payload">Empty where <paramref name="Length"/> is more than is allowed: that was read away.</param>
internal readonly record struct Frame(uint Stream, FrameType Type, byte Flags, uint Length, ReadOnlyMemory<byte> Payload)
{
    public const int HeaderLength = 10;

    /// <summary>messageLengthMax of github.com/containerd/ttrpc.</summary>
    public const int HighestLength = 4 << 20;

    public bool TooLong => Length > HighestLength;

    public static Frame ReadHeader(ReadOnlySpan<byte> header) => new(
        BinaryPrimitives.ReadUInt32BigEndian(header[4..]), (FrameType)header[8], header[9], BinaryPrimitives.ReadUInt32BigEndian(header), default);

    public static void WriteHeader(Span<byte> header, uint stream, FrameType type, int length)
    {
        BinaryPrimitives.WriteUInt32BigEndian(header, (uint)length);
        BinaryPrimitives.WriteUInt32BigEndian(header[4..], stream);
        (header[8], header[9]) = ((byte)type, 0);
    }
}
