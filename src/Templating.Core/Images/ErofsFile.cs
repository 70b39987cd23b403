using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using Templating.Core.Errors;

namespace Templating.Core.Images;

/// <summary>The superblock of an erofs (struct erofs_super_block, fs/erofs/erofs_fs.h).</summary>
internal static class ErofsFile
{
    private const int SuperBlock = 1024;
    private const int Length = 128;
    private const uint Magic = 0xE0F5E1E2;

    private const int Checksum = 4;
    private const int Features = 8;
    private const int Inodes = 16;
    private const int BuildTime = 24;

    /// <summary>EROFS_FEATURE_COMPAT_SB_CHKSUM.</summary>
    private const uint HasChecksum = 1;

    /// <summary>
    /// Takes the time out at which it was made, so that the same tree gives the same bytes. The tool can only set one time for
    /// everything, and files need their own: Python, for one, takes its compiled files for stale else.
    /// </summary>
    /// <returns>How many inodes it has.</returns>
    /// <exception cref="TemplatingException">ImageBuildFailed: it is none.</exception>
    public static long Normalise(SafeFileHandle file)
    {
        Span<byte> block = stackalloc byte[Length];
        if (RandomAccess.Read(file, block, SuperBlock) != Length || BinaryPrimitives.ReadUInt32LittleEndian(block) != Magic)
        {
            throw new TemplatingException(ErrorCode.ImageBuildFailed, "mkfs.erofs ended without a failure and has written no erofs. Is its disk sound?");
        }

        var features = BinaryPrimitives.ReadUInt32LittleEndian(block[Features..]);
        BinaryPrimitives.WriteUInt32LittleEndian(block[Features..], features & ~HasChecksum);
        block.Slice(Checksum, sizeof(uint)).Clear();
        block.Slice(BuildTime, sizeof(ulong) + sizeof(uint)).Clear();
        RandomAccess.Write(file, block, SuperBlock);
        return BinaryPrimitives.ReadInt64LittleEndian(block[Inodes..]);
    }
}
