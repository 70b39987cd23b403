using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Templating.Shim.Network;

/// <summary>One part of a datagram: a message with its header, or an attribute. Numbers are the host's, which is little-endian.</summary>
/// <param name="type">Of a message (RTM_*), or of an attribute without its flag bits.</param>
/// <param name="flags">A message's (NLM_F_*).</param>
/// <param name="body">Without the header.</param>
internal readonly ref struct NetlinkPart(ushort type, ushort flags, ReadOnlySpan<byte> body)
{
    public ushort Type { get; } = type;

    public ushort Flags { get; } = flags;

    public ReadOnlySpan<byte> Body { get; } = body;

    /// <summary>The attributes behind a structure of that many bytes.</summary>
    public NetlinkReader After(int structure) => NetlinkReader.OfAttributes(Body.Length >= structure ? Body[structure..] : throw NetlinkReader.Torn());

    /// <summary>The first bytes as that structure.</summary>
    public T Head<T>()
        where T : unmanaged => MemoryMarshal.TryRead<T>(Body, out var head) ? head : throw NetlinkReader.Torn();

    public uint U32() => Body.Length == sizeof(uint) ? BinaryPrimitives.ReadUInt32LittleEndian(Body) : throw NetlinkReader.Torn();
}

/// <summary>Goes through the messages of a datagram, or the attributes of a message (netlink(7), rtnetlink(7)), and leaves no byte unseen.</summary>
internal ref struct NetlinkReader
{
    private const int MessageHeader = 16;       // struct nlmsghdr
    private const int AttributeHeader = 4;      // struct nlattr
    private const ushort TypeMask = 0x3FFF;     // NLA_TYPE_MASK

    private readonly int _header;
    private ReadOnlySpan<byte> _rest;

    private NetlinkReader(ReadOnlySpan<byte> bytes, int header)
    {
        _rest = bytes;
        _header = header;
        Current = default;
    }

    public NetlinkPart Current { get; private set; }

    public static NetlinkReader OfMessages(ReadOnlySpan<byte> datagram) => new(datagram, MessageHeader);

    public static NetlinkReader OfAttributes(ReadOnlySpan<byte> bytes) => new(bytes, AttributeHeader);

    public static InvalidDataException Torn() => new("Rtnetlink sent a message whose lengths do not fit.");

    public readonly NetlinkReader GetEnumerator() => this;

    /// <exception cref="InvalidDataException">A length is shorter than its header, or leads beyond the end.</exception>
    public bool MoveNext()
    {
        if (_rest.IsEmpty)
        {
            return false;
        }

        if (_rest.Length < _header)
        {
            throw Torn();
        }

        var isMessage = _header == MessageHeader;
        var length = isMessage ? BinaryPrimitives.ReadUInt32LittleEndian(_rest) : BinaryPrimitives.ReadUInt16LittleEndian(_rest);
        if (length < _header || length > _rest.Length)
        {
            throw Torn();
        }

        var body = _rest[_header..(int)length];
        Current = isMessage
            ? new NetlinkPart(BinaryPrimitives.ReadUInt16LittleEndian(_rest[4..]), BinaryPrimitives.ReadUInt16LittleEndian(_rest[6..]), body)
            : new NetlinkPart((ushort)(BinaryPrimitives.ReadUInt16LittleEndian(_rest[2..]) & TypeMask), 0, body);
        _rest = _rest[Math.Min(((int)length + 3) & ~3, _rest.Length)..];
        return true;
    }
}
