using Templating.Core.Linux;

namespace Templating.Core.Store;

/// <summary>Sealing of the store's files.</summary>
internal static class StoreFiles
{
    /// <summary>Makes a written file read-only for good (0444), on disk, and guarded by the kernel where it can.</summary>
    /// <returns>Whether fs-verity guards it.</returns>
    public static bool Seal(string path, bool verity)
    {
        using var file = FileSystem.OpenRegular(path, LibC.OpenReadOnly, out _);
        File.SetUnixFileMode(file, FileSystem.ReadableByAll);
        FileSystem.Sync(file, path);
        // SHA-256 over blocks of 4 KiB. Best effort: most filesystems are made without the feature.
        var argument = new LibC.VerityArgument { Version = 1, HashAlgorithm = 1, BlockSize = 4096 };
        return verity && LibC.EnableVerity(file, LibC.IoctlEnableVerity, argument) == 0;
    }

    /// <summary>A new file with these bytes, readable by all and written to disk.</summary>
    public static void WriteNew(string path, ReadOnlySpan<byte> bytes)
    {
        using var file = FileSystem.Open(path, LibC.OpenReadWrite | LibC.OpenCreate | LibC.OpenExclusive, 0x180 /* 0600 */);
        FileSystem.Write(file, bytes, 0, path);
        FileSystem.Sync(file, path);
    }

    public static long TotalBytes(string path) => new DriveInfo(path).TotalSize;

    public static long FreeBytes(string path) => new DriveInfo(path).AvailableFreeSpace;
}
