using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Templating.Core.Linux;

namespace Templating.Core.Store;

/// <summary>
/// A digest of a file's whole content that takes as long as it has data: SHA-256 over each block of 4 KiB that is not all zeros, its
/// number (8 bytes, little endian) before it, and the file's length (8 bytes) at the end. Holes are not read, and it does not matter which
/// blocks of zeros are holes.
/// </summary>
internal static class BlockDigest
{
    private const int Block = ContentReader.Block;
    private const int BufferSize = 16 * Block;

    /// <returns>Lower-case hex.</returns>
    /// <exception cref="IOException">The file could not be read, or ended before its length.</exception>
    public static string Compute(SafeFileHandle file, string path, Action<long>? progress, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var length = RandomAccess.GetLength(file);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            for (var offset = 0L; offset < length;)
            {
                var data = Extents.NextData(file, offset, length);
                if (data >= length)
                {
                    break;
                }

                // A hole within a block, as some filesystems have: from the block's beginning to its end.
                data = data / Block * Block;
                var hole = Math.Max(Extents.NextHole(file, data, length), Math.Min(data + Block, length));
                var end = Math.Min((hole + Block - 1) / Block * Block, length);
                progress?.Invoke(data - offset);
                for (offset = data; offset < end;)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    var part = buffer.AsSpan(0, (int)Math.Min(BufferSize, end - offset));
                    Fill(file, path, part, offset);
                    Append(hash, part, offset / Block);
                    progress?.Invoke(part.Length);
                    offset += part.Length;
                }
            }

            AppendNumber(hash, length);
            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static void Append(IncrementalHash hash, ReadOnlySpan<byte> part, long number)
    {
        for (; part.Length > 0; number++)
        {
            var block = part[..Math.Min(Block, part.Length)];
            if (block.ContainsAnyExcept((byte)0))
            {
                AppendNumber(hash, number);
                hash.AppendData(block);
            }

            part = part[block.Length..];
        }
    }

    private static void AppendNumber(IncrementalHash hash, long number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        hash.AppendData(bytes);
    }

    private static void Fill(SafeFileHandle file, string path, Span<byte> part, long offset)
    {
        for (var done = 0; done < part.Length;)
        {
            var count = RandomAccess.Read(file, part[done..], offset + done);
            if (count == 0)
            {
                throw new IOException($"{path} became shorter while it was read, at byte {offset + done}.");
            }

            done += count;
        }
    }
}
