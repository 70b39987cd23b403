using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Templating.Core.Linux;

namespace Templating.Core.Store;

/// <summary>
/// Reads a file from end to end once and hashes it: holes count as zeros and are not read. Optionally gives the zero
/// blocks it meets back to the filesystem, which changes neither length nor content.
/// </summary>
internal sealed class ContentReader(SafeFileHandle file, string path, bool punch)
{
    /// <summary>The page size and the block size of every filesystem that matters: less cannot be given back.</summary>
    public const int Block = 4096;

    /// <summary>
    /// Large enough that calls cost nothing, and below the large-object limit: what is on that heap stays resident long
    /// after the reading.
    /// </summary>
    private const int BufferSize = 64 * 1024;

    private static readonly byte[] Zeros = new byte[BufferSize];

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _zerosFrom = -1;
    private bool _canPunch = punch;

    /// <exception cref="IOException">The file could not be read, or ended before its length.</exception>
    public FileDigest Read(Action<long>? progress, CancellationToken cancellationToken)
    {
        using var hash = _hash;
        var length = RandomAccess.GetLength(file);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            var offset = 0L;
            while (offset < length)
            {
                var data = Extents.NextData(file, offset, length);
                // A hole within a block, as some filesystems have: begin at the block, so that offsets stay aligned.
                data = data < length ? data / Block * Block : length;
                offset = data > offset ? SkipHole(offset, data, progress, cancellationToken) : offset;
                var end = offset < length ? Math.Max(Extents.NextHole(file, offset, length), Math.Min(offset + Block, length)) : length;
                offset = ReadData(buffer.AsMemory(0, BufferSize), offset, end, length, progress, cancellationToken);
            }

            EndZeros(length);
            return new FileDigest(length, Convert.ToHexStringLower(hash.GetHashAndReset()));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private long SkipHole(long offset, long end, Action<long>? progress, CancellationToken cancellationToken)
    {
        // Punched too: blocks that were reserved for the guest and never written read as a hole and yet take room.
        if (_canPunch && _zerosFrom < 0)
        {
            _zerosFrom = offset;
        }

        while (offset < end)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var part = (int)Math.Min(Zeros.Length, end - offset);
            _hash.AppendData(Zeros, 0, part);
            offset += part;
            progress?.Invoke(part);
        }

        return offset;
    }

    private long ReadData(
        Memory<byte> buffer, long offset, long end, long length, Action<long>? progress, CancellationToken cancellationToken)
    {
        // Blocks that are only partly data are read whole: the rest of them reads as zeros.
        end = Math.Min((end + Block - 1) / Block * Block, length);
        while (offset < end)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var part = buffer.Span[..(int)Math.Min(buffer.Length, end - offset)];
            Fill(part, offset);
            _hash.AppendData(part);
            if (_canPunch)
            {
                FindZeros(part, offset);
            }

            offset += part.Length;
            progress?.Invoke(part.Length);
        }

        return offset;
    }

    private void Fill(Span<byte> part, long offset)
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

    private void FindZeros(ReadOnlySpan<byte> part, long offset)
    {
        for (var at = 0; at < part.Length; at += Block)
        {
            var block = part.Slice(at, Math.Min(Block, part.Length - at));
            if (block.ContainsAnyExcept((byte)0))
            {
                EndZeros(offset + at);
            }
            else if (_zerosFrom < 0)
            {
                _zerosFrom = offset + at;
            }
        }
    }

    private void EndZeros(long end)
    {
        if (_zerosFrom < 0 || !_canPunch)
        {
            return;
        }

        var from = _zerosFrom;
        _zerosFrom = -1;
        if (LibC.Fallocate(file, LibC.FallocatePunchHole | LibC.FallocateKeepSize, from, end - from) == 0)
        {
            return;
        }

        var error = Marshal.GetLastPInvokeError();
        if (error is not (Errno.NotSupported or Errno.NotImplemented))
        {
            throw FileSystem.Error(error, "punch a hole into", path);
        }

        // A filesystem without holes: the template is as good, only larger.
        _canPunch = false;
    }
}
