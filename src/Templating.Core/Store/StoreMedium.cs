using Templating.Core.Errors;
using Templating.Core.Linux;

namespace Templating.Core.Store;

/// <summary>What a store lies on.</summary>
/// <param name="FileSystem">The kernel's name of it.</param>
/// <param name="IsMemory">
/// Its files are memory of the host, and their holes are not free (<see cref="Holes"/>): files that VMs map keep all their blocks there.
/// </param>
internal sealed record StoreMedium(string FileSystem, bool IsMemory)
{
    /// <param name="folder">One of the store's that is there and may be written to.</param>
    public static StoreMedium Of(string folder)
    {
        var name = new DriveInfo(folder).DriveFormat;
        try
        {
            return new StoreMedium(name, !Holes.AreFree(folder));
        }
        catch (IOException e) when (DiskFull.Is(e))
        {
            return new StoreMedium(name, name is "tmpfs" or "ramfs");
        }
    }

    /// <summary>Whether a file that VMs map has holes, and must not: it was made elsewhere, or by an earlier version.</summary>
    public bool LacksBlocks(string path) =>
        IsMemory && FileStamp.TryRead(path) is { IsRegularFile: true } stamp && stamp.AllocatedBytes < stamp.Size;

    /// <summary>Gives a file, sealed or about to be, the blocks of its holes.</summary>
    /// <exception cref="TemplatingException">DiskFull.</exception>
    public void Keep(string path)
    {
        if (!LacksBlocks(path) || FileStamp.TryRead(path) is not { } stamp)
        {
            return;
        }

        try
        {
            using var sealedFile = Linux.FileSystem.OpenRegular(path, LibC.OpenReadOnly, out _);
            File.SetUnixFileMode(sealedFile, Linux.FileSystem.OwnerOnlyFile);
            try
            {
                using var file = Linux.FileSystem.OpenRegular(path, LibC.OpenReadWrite, out _);
                Holes.Fill(file, path);
            }
            finally
            {
                File.SetUnixFileMode(sealedFile, (UnixFileMode)(stamp.Mode & 0xFFF));
            }
        }
        catch (IOException e) when (DiskFull.Is(e))
        {
            throw DiskFull.Of(path, stamp.Size - stamp.AllocatedBytes, e);
        }
    }
}
