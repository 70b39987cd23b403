using System.Buffers.Binary;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Templating.Core.Linux;

namespace Templating.Core.Store;

/// <summary>
/// Writes an empty ext4 into a file full of holes, and of that no more than it must (8 KiB for each 128 MiB): guests of few programs have
/// none that makes one, and one that has writes its inode tables. Without a journal, for what lies on it ends with its VM. Layout:
/// https://docs.kernel.org/filesystems/ext4. Nothing is ever read of it: what guests make of it is not trusted.
/// </summary>
internal static class Ext4
{
    private const int BlockBytes = 4096;
    private const int GroupBlocks = 8 * BlockBytes;     // as many as one block has bits
    private const int InodeBytes = 256;
    private const int GroupInodes = 8192;               // one for each 16 KiB
    private const int LeastInodes = 16;
    private const int DescriptorBytes = 32;
    private const int FirstInode = 11;
    private const int Root = 2;

    private const int HasExtendedAttributes = 0x8, HasTreesOfNames = 0x20, HasNoMoreThanTwoBackups = 0x200;
    private const int HasFileTypes = 0x2, HasExtents = 0x40;
    private const int HasLargeFiles = 0x2, HasHugeFiles = 0x8, HasManySubfolders = 0x20, HasExtraInodeFields = 0x40;
    private const int ExtentsFlag = 0x80000;

    /// <param name="file">Nothing but holes.</param>
    /// <param name="bytes">Its length, of 1 MiB and more.</param>
    public static void Write(SafeFileHandle file, long bytes)
    {
        var shape = Shape.Of(bytes / BlockBytes);
        var descriptors = new byte[shape.DescriptorBlocks * BlockBytes];
        long free = 0;
        for (var group = 0; group < shape.Groups; group++)
        {
            var first = shape.FirstMetadata(group);
            var data = group == 0 ? 2 : 0; // the blocks of its two folders
            var used = (int)(first - Shape.Start(group)) + 2 + shape.TableBlocks + data;
            var entry = descriptors.AsSpan(group * DescriptorBytes);
            Put(entry, 0, first);
            Put(entry, 4, first + 1);
            Put(entry, 8, first + 2);
            PutShort(entry, 12, shape.Blocks(group) - used);
            PutShort(entry, 14, shape.Inodes - (group == 0 ? FirstInode : 0));
            PutShort(entry, 16, data);
            free += shape.Blocks(group) - used;
            Put(file, first, Bits(used, shape.Blocks(group)));
            Put(file, first + 1, Bits(group == 0 ? FirstInode : 0, shape.Inodes));
        }

        Put(file, 1, descriptors);
        WriteFolders(file, shape);
        var super = new byte[1024];
        WriteSuper(super, shape, free);
        FileSystem.Write(file, super, 1024, "a VM's disk");
    }

    private static void WriteFolders(SafeFileHandle file, Shape shape)
    {
        var table = shape.FirstMetadata(0) + 2;
        var data = table + shape.TableBlocks;
        var inodes = new byte[BlockBytes];
        WriteInode(inodes.AsSpan((Root - 1) * InodeBytes), mode: 0x41ED /* a folder, 0755 */, links: 3, data);
        WriteInode(inodes.AsSpan((FirstInode - 1) * InodeBytes), mode: 0x41C0 /* a folder, 0700 */, links: 2, data + 1);
        Put(file, table, inodes);
        Put(file, data, Folder((Root, "."), (Root, ".."), (FirstInode, "lost+found")));
        Put(file, data + 1, Folder((FirstInode, "."), (Root, "..")));
    }

    private static void WriteInode(Span<byte> inode, int mode, int links, long block)
    {
        PutShort(inode, 0, mode);
        Put(inode, 4, BlockBytes);
        PutShort(inode, 26, links);
        Put(inode, 28, BlockBytes / 512);
        Put(inode, 32, ExtentsFlag);
        // One extent of one block, in the inode itself: magic, how many, how many at most, depth; and below length and place.
        PutShort(inode, 40, 0xF30A);
        PutShort(inode, 42, 1);
        PutShort(inode, 44, 4);
        PutShort(inode, 56, 1);
        Put(inode, 60, block);
        PutShort(inode, 128, 32); // of the fields behind the first 128 bytes
    }

    private static byte[] Folder(params ReadOnlySpan<(int Inode, string Name)> entries)
    {
        var block = new byte[BlockBytes];
        var at = 0;
        for (var number = 0; number < entries.Length; number++)
        {
            var (inode, name) = entries[number];
            var length = number == entries.Length - 1 ? BlockBytes - at : (8 + name.Length + 3) & ~3;
            var entry = block.AsSpan(at, length);
            Put(entry, 0, inode);
            PutShort(entry, 4, length);
            entry[6] = (byte)name.Length;
            entry[7] = 2; // a folder
            System.Text.Encoding.ASCII.GetBytes(name, entry[8..]);
            at += length;
        }

        return block;
    }

    private static void WriteSuper(Span<byte> super, Shape shape, long free)
    {
        Put(super, 0, shape.Inodes * (long)shape.Groups);
        Put(super, 4, shape.AllBlocks);
        Put(super, 12, free);
        Put(super, 16, (shape.Inodes * (long)shape.Groups) - FirstInode);
        Put(super, 24, 2);                  // blocks and clusters of 1 KiB << 2
        Put(super, 28, 2);
        Put(super, 32, GroupBlocks);
        Put(super, 36, GroupBlocks);
        Put(super, 40, shape.Inodes);
        PutShort(super, 54, 0xFFFF);        // never checked for its age
        PutShort(super, 56, 0xEF53);
        PutShort(super, 58, 1);             // unmounted in order
        PutShort(super, 60, 1);             // an error is no reason to stop
        Put(super, 76, 1);
        Put(super, 84, FirstInode);
        PutShort(super, 88, InodeBytes);
        Put(super, 92, HasExtendedAttributes | HasTreesOfNames | HasNoMoreThanTwoBackups); // and of the two, none
        Put(super, 96, HasFileTypes | HasExtents);
        Put(super, 100, HasLargeFiles | HasHugeFiles | HasManySubfolders | HasExtraInodeFields);
        RandomNumberGenerator.Fill(super.Slice(104, 16));
        super[110] = (byte)((super[110] & 0x0F) | 0x40);
        super[112] = (byte)((super[112] & 0x3F) | 0x80);
        RandomNumberGenerator.Fill(super.Slice(236, 16));
        super[252] = 1;                     // names are hashed by half of MD4
        Put(super, 256, 0xC);               // extended attributes and ACLs, unless a mount says otherwise
        PutShort(super, 348, 32);
        PutShort(super, 350, 32);
        Put(super, 352, 1);                 // names are of signed bytes
    }

    /// <summary>A block of bits, of which the first are set; and those that stand for nothing.</summary>
    private static byte[] Bits(int set, int all)
    {
        var bits = new byte[BlockBytes];
        Set(0, set);
        Set(all, GroupBlocks);
        return bits;

        void Set(int from, int to)
        {
            for (var bit = from; bit < to; bit++)
            {
                bits[bit / 8] |= (byte)(1 << (bit % 8));
            }
        }
    }

    private static void Put(SafeFileHandle file, long block, byte[] bytes) => FileSystem.Write(file, bytes, block * BlockBytes, "a VM's disk");

    private static void Put(Span<byte> bytes, int at, long value) => BinaryPrimitives.WriteUInt32LittleEndian(bytes[at..], checked((uint)value));

    private static void PutShort(Span<byte> bytes, int at, int value) => BinaryPrimitives.WriteUInt16LittleEndian(bytes[at..], checked((ushort)value));

    private readonly record struct Shape(long AllBlocks, int Groups, int Inodes)
    {
        public int TableBlocks => Inodes * InodeBytes / BlockBytes;

        public int DescriptorBlocks => ((Groups * DescriptorBytes) + BlockBytes - 1) / BlockBytes;

        public static Shape Of(long blocks)
        {
            if (blocks <= GroupBlocks)
            {
                return new Shape(blocks, 1, (int)Math.Max(LeastInodes, blocks / 4 / LeastInodes * LeastInodes));
            }

            // A last group that has hardly room for what it says of itself is left away.
            var rest = blocks % GroupBlocks;
            var used = rest is > 0 and < 1024 ? blocks - rest : blocks;
            return new Shape(used, (int)((used + GroupBlocks - 1) / GroupBlocks), GroupInodes);
        }

        public static long Start(int group) => (long)group * GroupBlocks;

        public int Blocks(int group) => (int)Math.Min(GroupBlocks, AllBlocks - Start(group));

        /// <summary>Where its maps begin; its inodes come behind. The first has the whole's description before.</summary>
        public long FirstMetadata(int group) => group == 0 ? 1 + DescriptorBlocks : Start(group);
    }
}
