using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using Templating.Contract;

namespace Templating.Core.Templates;

/// <summary>
/// Whether a file can be a kernel or an initrd at all, by its first bytes. What is none of either QEMU refuses, or worse: it runs it
/// as a kernel of 1994, and the guest is waited for in vain.
/// </summary>
internal static class BootFiles
{
    private const int KernelBytes = 8192;
    private const int InitrdBytes = 64 * 1024;

    /// <summary>Of its setup header, Documentation/arch/x86/boot.rst: "HdrS" and the protocol's version, of which QEMU needs 2.00 for an initrd.</summary>
    private const int HeaderMagic = 0x202;
    private const int HeaderVersion = 0x206;
    private const int LeastVersion = 0x200;

    /// <summary>Of an ext2 to ext4 file system, for kernels that mount their initrd (root=/dev/ram0).</summary>
    private const int ExtMagic = 1024 + 0x38;

    /// <summary>Uncompressed, and what the kernel can unpack (lib/decompress.c, init/do_mounts_rd.c).</summary>
    private static readonly byte[][] InitrdBeginnings =
    [
        [.. "070701"u8], [.. "070702"u8], [0x1f, 0x8b], [0x1f, 0x9e], [.. "BZh"u8], [0x5d, 0, 0], [0xfd, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0],
        [0x89, (byte)'L', (byte)'Z', (byte)'O'], [0x02, 0x21, 0x4c, 0x18], [0x28, 0xb5, 0x2f, 0xfd],
        [.. "-rom1fs-"u8], [0x45, 0x3d, 0xcd, 0x28], [.. "hsqs"u8],
    ];

    /// <summary>Null where it may be one: a bzImage, or what QEMU boots beside (an ELF with a PVH note, multiboot).</summary>
    public static string? KernelProblem(string path, SafeFileHandle file)
    {
        var head = Head(file, KernelBytes);
        if (head.AsSpan().StartsWith((ReadOnlySpan<byte>)[0x7f, (byte)'E', (byte)'L', (byte)'F']) || IsMultiboot(head))
        {
            return null;
        }

        if (head.Length < HeaderVersion + 2 || !head.AsSpan(HeaderMagic, 4).SequenceEqual("HdrS"u8))
        {
            return $"{Quote.Text(path)} is no kernel for x86: it begins with {Beginning(head)}, and has not the header of a bzImage. Name the bzImage itself, such as /boot/vmlinuz-VERSION.";
        }

        var version = BinaryPrimitives.ReadUInt16LittleEndian(head.AsSpan(HeaderVersion));
        return version >= LeastVersion
            ? null
            : $"{Quote.Text(path)} is a kernel of boot protocol {version >> 8}.{version & 0xff:00}; at least 2.00 is needed. Name a newer one.";
    }

    /// <summary>Null where it may be one: a cpio archive, packed or not, or an old file system image.</summary>
    public static string? InitrdProblem(string path, SafeFileHandle file)
    {
        var head = Head(file, InitrdBytes);
        // The kernel passes over NULs before an archive.
        var start = head.AsSpan().IndexOfAnyExcept((byte)0);
        if (start >= 0 && Array.Exists(InitrdBeginnings, magic => head.AsSpan(start).StartsWith(magic)))
        {
            return null;
        }

        var isExt = head.Length >= ExtMagic + 2 && BinaryPrimitives.ReadUInt16LittleEndian(head.AsSpan(ExtMagic)) == 0xef53;
        return isExt
            ? null
            : $"{Quote.Text(path)} is no initrd: it begins with {Beginning(head)}, which is neither a cpio archive nor one packed with gzip, xz, zstd, lz4, lzo, lzma or bzip2. Name the file that was meant.";
    }

    private static bool IsMultiboot(ReadOnlySpan<byte> head)
    {
        for (var i = 0; i + 4 <= head.Length; i += 4)
        {
            if (BinaryPrimitives.ReadUInt32LittleEndian(head[i..]) == 0x1badb002)
            {
                return true;
            }
        }

        return false;
    }

    private static byte[] Head(SafeFileHandle file, int bytes)
    {
        var head = new byte[bytes];
        var size = 0;
        for (int read; size < bytes && (read = RandomAccess.Read(file, head.AsSpan(size), size)) > 0;)
        {
            size += read;
        }

        return head[..size];
    }

    private static string Beginning(byte[] head)
    {
        var first = head[..Math.Min(head.Length, 16)];
        return Array.TrueForAll(first, b => b is >= 0x20 and < 0x7f or (byte)'\n' or (byte)'\r' or (byte)'\t')
            ? $"the text {Quote.Text(System.Text.Encoding.ASCII.GetString(first))}"
            : $"the bytes {Convert.ToHexStringLower(first)}";
    }
}
