using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Templating.Node.Mapping;

/// <summary>
/// Request ids of the clones of one CreateClones: SHA-256 of the call's id and the index, so that a retry of the call is a
/// retry of each clone. A UUID of version 8 (RFC 9562 section 5.8).
/// </summary>
internal static class DerivedIds
{
    public static Guid? Of(Guid? requestId, int index)
    {
        if (requestId is not { } id)
        {
            return null;
        }

        Span<byte> input = stackalloc byte[20];
        id.TryWriteBytes(input, bigEndian: true, out _);
        BinaryPrimitives.WriteInt32BigEndian(input[16..], index);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(input, hash);
        hash[6] = (byte)((hash[6] & 0x0f) | 0x80);
        hash[8] = (byte)((hash[8] & 0x3f) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }
}
