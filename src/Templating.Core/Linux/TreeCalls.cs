using Microsoft.Win32.SafeHandles;

namespace Templating.Core.Linux;

/// <summary>
/// Folders by descriptors, and names as the bytes they are: in trees that others made a name need be no UTF-8, and what a name leads
/// to may change between two looks. Values of asm/unistd_64.h and linux/openat2.h.
/// </summary>
internal static unsafe class TreeCalls
{
    private const long ReadFolderNumber = 217;      // getdents64
    private const long OpenAt2Number = 437;

    private const ulong NoMagicLinks = 2;
    private const ulong NoSymlinks = 4;
    private const ulong Beneath = 8;

    /// <summary>Opens what lies below a folder, by a path in which no part is a symbolic link.</summary>
    /// <returns>Null where the kernel refuses; the error is the last one of P/Invoke.</returns>
    public static SafeFileHandle? TryOpenBeneath(SafeFileHandle folder, string path, int flags)
    {
        var bytes = new byte[System.Text.Encoding.UTF8.GetByteCount(path) + 1];
        System.Text.Encoding.UTF8.GetBytes(path, bytes);
        return TryOpenBeneath(folder, bytes, flags);
    }

    /// <param name="folder">Where the path begins; it never leads out of it.</param>
    /// <param name="path">Ends with a NUL.</param>
    /// <param name="flags">Of open(2).</param>
    public static SafeFileHandle? TryOpenBeneath(SafeFileHandle folder, ReadOnlySpan<byte> path, int flags)
    {
        // struct open_how: flags, mode, resolve.
        var how = stackalloc ulong[3];
        (how[0], how[1], how[2]) = ((ulong)(flags | LibC.OpenCloseOnExec), 0, NoMagicLinks | NoSymlinks | Beneath);
        fixed (byte* first = path)
        {
            var fd = (int)LibC.SystemCall(OpenAt2Number, folder.DangerousGetHandle(), (long)first, (long)how, 3 * sizeof(ulong));
            return fd < 0 ? null : new SafeFileHandle(fd, ownsHandle: true);
        }
    }

    /// <summary>The next entries of an open folder, as struct linux_dirent64; 0 bytes at its end.</summary>
    public static int ReadFolder(SafeFileHandle folder, Span<byte> buffer)
    {
        fixed (byte* first = buffer)
        {
            return (int)LibC.SystemCall(ReadFolderNumber, folder.DangerousGetHandle(), (long)first, buffer.Length, 0);
        }
    }

    /// <summary>Of the entry itself, not what a symbolic link leads to.</summary>
    /// <param name="folder">In which it is.</param>
    /// <param name="name">Ends with a NUL.</param>
    /// <param name="buffer">What is found.</param>
    public static int Look(SafeFileHandle folder, ReadOnlySpan<byte> name, out LibC.StatxBuffer buffer)
    {
        fixed (byte* first = name)
        {
            return LibC.Statx(folder, first, LibC.AtSymlinkNoFollow, LibC.StatxBasic, out buffer);
        }
    }
}
