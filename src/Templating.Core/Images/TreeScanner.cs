using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Templating.Contract;
using Templating.Core.Errors;
using Templating.Core.Linux;

namespace Templating.Core.Images;

/// <summary>
/// Looks at each entry of a tree, and opens nothing but its folders. The tree is others': its depth and number have limits, names are
/// bytes, and nothing leads out of it.
/// </summary>
internal sealed class TreeScanner(string field, long maxBytes, long maxInodes)
{
    /// <summary>Each level holds a descriptor; trees of people have about 30.</summary>
    public const int MaxDepth = 256;

    /// <summary>Of one more byte, which file systems take, mkfs.erofs loses the last, and takes the file of the shorter name where there is one.</summary>
    private const int MaxNameBytes = 254;

    private const int BufferSize = 16 * 1024;
    private const int Block = 4096;

    /// <summary>struct linux_dirent64: inode, offset, length of the entry, type, name.</summary>
    private const int LengthOffset = 16;
    private const int NameOffset = 19;

    private readonly IncrementalHash _stamp = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly HashSet<(ulong Device, ulong Inode)> _linked = [];
    private long _bytes;
    private long _inodes = 1;

    /// <exception cref="TemplatingException">InvalidArgument: more than the limits allow.</exception>
    public TreeScan Scan(SafeFileHandle root, CancellationToken cancellationToken)
    {
        using var stamp = _stamp;
        Add(FileStamp.Read(root, "the tree"));
        var levels = new Stack<Level>();
        try
        {
            Enter(levels, root, "."u8);
            while (levels.TryPeek(out var level))
            {
                cancellationToken.ThrowIfCancellationRequested();
                var name = level.Next(field);
                if (name.IsEmpty)
                {
                    levels.Pop().Dispose();
                    _stamp.AppendData("/"u8);
                }
                else if (Look(level.Folder, name))
                {
                    Enter(levels, level.Folder, name[..^1]);
                }
            }

            return new TreeScan(_bytes, _inodes, Convert.ToHexStringLower(_stamp.GetHashAndReset()));
        }
        finally
        {
            foreach (var level in levels)
            {
                level.Dispose();
            }
        }
    }

    private void Enter(Stack<Level> levels, SafeFileHandle above, ReadOnlySpan<byte> name)
    {
        if (levels.Count == MaxDepth)
        {
            throw Refused($"It has folders in folders more than {MaxDepth} deep; that is the limit.");
        }

        // A folder that is gone, or is another thing now: the tree is being changed, and is no image then.
        levels.Push(new Level(TreeCalls.TryOpenBeneath(above, [.. name, 0], LibC.OpenReadOnly | LibC.OpenDirectory)
            ?? throw FileSystem.LastError("open a folder of", field)));
    }

    /// <returns>Whether it is a folder, to be looked into.</returns>
    private bool Look(SafeFileHandle folder, ReadOnlySpan<byte> name)
    {
        if (name.Length - 1 > MaxNameBytes)
        {
            throw Refused($"It has a name of {name.Length - 1} bytes; at most {MaxNameBytes} are allowed. Give it a shorter one.");
        }

        FileSystem.Check(TreeCalls.Look(folder, name, out var found), "look at an entry of", field);
        var stamp = FileStamp.From(found);
        _stamp.AppendData(name);
        Add(stamp);
        if (stamp.IsFolder || found.Links <= 1 || _linked.Add((stamp.Device, stamp.Inode)))
        {
            Count(stamp.IsFolder ? Block : stamp.IsRegularFile || stamp.IsLink ? stamp.Size : 0);
        }

        return stamp.IsFolder;
    }

    private void Count(long bytes)
    {
        // Of a file of exabytes the sum would be negative.
        _bytes = bytes > maxBytes - _bytes ? maxBytes + 1 : _bytes + ((bytes + Block - 1) / Block * Block);
        _inodes++;
        if (_bytes > maxBytes)
        {
            throw Refused($"Its files have more than the {maxBytes} bytes that an image may have (holes count: they would be written). "
                + "Leave some out, or ask the operator to raise --images-max-bytes.");
        }

        if (_inodes > maxInodes)
        {
            throw Refused($"It has more than the {maxInodes} files, folders and links that an image may have. "
                + "Leave some out, or ask the operator to raise --images-max-inodes.");
        }
    }

    private void Add(FileStamp stamp)
    {
        Span<long> values =
        [
            (long)stamp.Device, (long)stamp.Inode, stamp.Mode, ((long)stamp.Uid << 32) | stamp.Gid,
            stamp.IsFolder ? 0 : stamp.Size, stamp.ModifiedNanoseconds, stamp.ChangedNanoseconds,
        ];
        _stamp.AppendData(MemoryMarshal.AsBytes(values));
    }

    private TemplatingException Refused(string problem) => new([new FieldViolation(field, problem)]);

    /// <summary>A folder that is being read: not by recursion, or a deep tree would need a deep stack.</summary>
    private sealed class Level(SafeFileHandle folder) : IDisposable
    {
        private readonly byte[] _buffer = new byte[BufferSize];
        private int _count;
        private int _at;

        public SafeFileHandle Folder => folder;

        /// <summary>The name of the next entry, with a NUL; empty after the last.</summary>
        public ReadOnlySpan<byte> Next(string field)
        {
            while (true)
            {
                if (_at == _count)
                {
                    (_at, _count) = (0, TreeCalls.ReadFolder(folder, _buffer));
                    FileSystem.Check(_count, "read a folder of", field);
                    if (_count == 0)
                    {
                        return [];
                    }
                }

                var length = BinaryPrimitives.ReadUInt16LittleEndian(_buffer.AsSpan(_at + LengthOffset));
                var name = _buffer.AsSpan(_at + NameOffset, length - NameOffset);
                _at += length;
                name = name[..(name.IndexOf((byte)0) + 1)];
                if (!name.SequenceEqual(".\0"u8) && !name.SequenceEqual("..\0"u8))
                {
                    return name;
                }
            }
        }

        public void Dispose() => folder.Dispose();
    }
}
