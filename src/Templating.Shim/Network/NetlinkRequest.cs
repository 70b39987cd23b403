using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Templating.Shim.Network;

/// <summary>A message to the kernel, in the order of its bytes.</summary>
internal sealed class NetlinkRequest
{
    public const ushort Request = 1;            // NLM_F_REQUEST
    public const ushort Acknowledge = 4;        // NLM_F_ACK
    public const ushort Exclusive = 0x200;      // NLM_F_EXCL
    public const ushort Dump = 0x300;           // NLM_F_DUMP
    public const ushort Create = 0x400;         // NLM_F_CREATE

    private readonly ArrayBufferWriter<byte> _bytes = new(128);

    private NetlinkRequest()
    {
    }

    public static NetlinkRequest Of<T>(ushort type, ushort flags, T body)
        where T : unmanaged
    {
        var request = new NetlinkRequest();
        request.U32(0).U16(type).U16((ushort)(Request | flags)).U32(0).U32(0).Raw(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in body)));
        return request;
    }

    public NetlinkRequest Put(ushort type, ReadOnlySpan<byte> value)
    {
        U16((ushort)(4 + value.Length)).U16(type).Raw(value);
        return Raw([.. new byte[-value.Length & 3]]);
    }

    public NetlinkRequest Put(ushort type, string text) => Put(type, Encoding.ASCII.GetBytes(text + '\0'));

    public NetlinkRequest Put<T>(ushort type, T value)
        where T : unmanaged => Put(type, MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));

    /// <summary>An attribute of attributes.</summary>
    public NetlinkRequest Nest(ushort type, Action<NetlinkRequest> fill)
    {
        var inner = new NetlinkRequest();
        fill(inner);
        return Put(type, inner._bytes.WrittenSpan);
    }

    /// <summary>All of it, with its length.</summary>
    public byte[] ToBytes()
    {
        var all = _bytes.WrittenSpan.ToArray();
        BinaryPrimitives.WriteInt32LittleEndian(all, all.Length);
        return all;
    }

    private NetlinkRequest U16(ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.GetSpan(sizeof(ushort)), value);
        _bytes.Advance(sizeof(ushort));
        return this;
    }

    private NetlinkRequest U32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.GetSpan(sizeof(uint)), value);
        _bytes.Advance(sizeof(uint));
        return this;
    }

    private NetlinkRequest Raw(ReadOnlySpan<byte> bytes)
    {
        _bytes.Write(bytes);
        return this;
    }
}
