using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Templating.Core.Linux;

/// <summary>
/// What holes in a file cost on a filesystem. Most give a private mapping zeros for them. A filesystem in memory (tmpfs, ramfs, and
/// what lies over one) first makes the page in the file: each process that writes to its own copy of a hole makes the file grow, and
/// all of them are killed (SIGBUS) when there is no room left for that.
/// </summary>
internal static class Holes
{
    private const int Block = 4096;
    private const int BufferSize = 64 * 1024;

    /// <summary>
    /// Tried with a small file that goes again: the kernel's name of the filesystem does not tell what lies below an overlay. The page is
    /// asked for by a call, which fails where there is no room; a write would kill.
    /// </summary>
    /// <exception cref="IOException">No file can be made there.</exception>
    public static bool AreFree(string folder)
    {
        var path = Path.Combine(folder, ".holes-" + RandomNumberGenerator.GetHexString(16, lowercase: true));
        using var file = FileSystem.MakeFile(path, FileSystem.OwnerOnlyFile);
        try
        {
            RandomAccess.SetLength(file, Block);
            var before = FileStamp.Read(file, path).AllocatedBytes;
            var page = MemoryCalls.Map(0, Block, MemoryCalls.ProtectReadWrite, MemoryCalls.MapPrivate, file, 0);
            if (page == MemoryCalls.MapFailed)
            {
                // Then no VM can be started from it, whatever its holes cost.
                return true;
            }

            var failed = MemoryCalls.Advise((nuint)page, Block, MemoryCalls.PopulateWrite) != 0 && Marshal.GetLastPInvokeError() is var error
                && error is not (Errno.Invalid or Errno.NotImplemented);
            _ = MemoryCalls.Unmap(page, Block);
            return !failed && FileStamp.Read(file, path).AllocatedBytes <= before;
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Takes the blocks of all holes, as far as there are any; neither length nor content change.</summary>
    /// <exception cref="IOException">There is no room.</exception>
    public static void Fill(SafeFileHandle file, string path)
    {
        var stamp = FileStamp.Read(file, path);
        if (stamp.AllocatedBytes >= stamp.Size || LibC.Fallocate(file, 0, 0, stamp.Size) == 0)
        {
            return;
        }

        if (Marshal.GetLastPInvokeError() is not (Errno.NotSupported or Errno.NotImplemented))
        {
            throw FileSystem.LastError("reserve", path);
        }

        WriteZeros(file, stamp.Size);
    }

    /// <summary>Where nothing can be reserved (ramfs): a zero that is written is a page.</summary>
    private static void WriteZeros(SafeFileHandle file, long size)
    {
        var buffer = new byte[BufferSize];
        for (var offset = 0L; offset < size;)
        {
            var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, size - offset));
            var count = RandomAccess.Read(file, part, offset);
            if (count == 0)
            {
                return;
            }

            for (var at = 0; at < count; at += Block)
            {
                var block = part[at..Math.Min(at + Block, count)];
                if (!block.ContainsAnyExcept((byte)0))
                {
                    RandomAccess.Write(file, block, offset + at);
                }
            }

            offset += count;
        }
    }
}
