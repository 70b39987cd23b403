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
        Visit(root, "."u8.ToArray(), depth: 1, cancellationToken);
        return new TreeScan(_bytes, _inodes, Convert.ToHexStringLower(_stamp.GetHashAndReset()));
    }

    private void Visit(SafeFileHandle above, byte[] name, int depth, CancellationToken cancellationToken)
    {
        if (depth > MaxDepth)
        {
            throw Refused($"It has folders in folders more than {MaxDepth} deep; that is the limit.");
        }

        // A folder that is gone, or is another thing now: the tree is being changed, and is no image then.
        using var folder = TreeCalls.TryOpenBeneath(above, [.. name, 0], LibC.OpenReadOnly | LibC.OpenDirectory)
            ?? throw FileSystem.LastError("open a folder of", field);
        var buffer = new byte[BufferSize];
        int count;
        while ((count = TreeCalls.ReadFolder(folder, buffer)) > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            for (var at = 0; at < count;)
            {
                var length = BinaryPrimitives.ReadUInt16LittleEndian(buffer.AsSpan(at + LengthOffset));
                var entry = buffer.AsSpan(at + NameOffset, length - NameOffset);
                entry = entry[..(entry.IndexOf((byte)0) + 1)];
                if (!entry.SequenceEqual(".\0"u8) && !entry.SequenceEqual("..\0"u8))
                {
                    Look(folder, entry, depth, cancellationToken);
                }

                at += length;
            }
        }

        FileSystem.Check(count, "read a folder of", field);
        _stamp.AppendData("/"u8);
    }

    private void Look(SafeFileHandle folder, ReadOnlySpan<byte> name, int depth, CancellationToken cancellationToken)
    {
        FileSystem.Check(TreeCalls.Look(folder, name, out var found), "look at an entry of", field);
        var stamp = FileStamp.From(found);
        _stamp.AppendData(name);
        Add(stamp);
        if (stamp.IsFolder)
        {
            Count(bytes: Block);
            Visit(folder, name[..^1].ToArray(), depth + 1, cancellationToken);
        }
        else if (found.Links <= 1 || _linked.Add((stamp.Device, stamp.Inode)))
        {
            Count(stamp.IsRegularFile || stamp.IsLink ? stamp.Size : 0);
        }
    }

    private void Count(long bytes)
    {
        // Of a file of exabytes the sum would be negative.
        _bytes = bytes > maxBytes - _bytes ? maxBytes + 1 : _bytes + ((bytes + Block - 1) / Block * Block);
        _inodes++;
        if (_bytes > maxBytes)
        {
            throw Refused($"Its files have more than the {maxBytes} bytes that an image may have (holes count: they would be written). "
                + "Leave some out, or ask the operator to raise Images.MaxBytes.");
        }

        if (_inodes > maxInodes)
        {
            throw Refused($"It has more than the {maxInodes} files, folders and links that an image may have. "
                + "Leave some out, or ask the operator to raise Images.MaxInodes.");
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
}
