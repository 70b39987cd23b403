using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Templating.Core.Linux;

/// <summary>
/// What tells that a file is still the one it was. The change time is what makes it worth something: no call sets it,
/// so whoever writes to the file and puts the modification time back is still seen.
/// </summary>
internal readonly record struct FileStamp(
    ulong Device, ulong Inode, long Size, long ModifiedNanoseconds, long ChangedNanoseconds)
{
    private const ushort TypeMask = 0xF000;
    private const ushort RegularType = 0x8000;
    private const ushort FolderType = 0x4000;
    private const ushort SymlinkType = 0xA000;
    private const ushort SocketType = 0xC000;
    private const ushort PipeType = 0x1000;
    private const ushort BlockType = 0x6000;

    public ushort Mode { get; private init; }

    public uint Uid { get; private init; }

    public uint Gid { get; private init; }

    public long AllocatedBytes { get; private init; }

    public bool IsRegularFile => (Mode & TypeMask) == RegularType;

    public bool IsFolder => (Mode & TypeMask) == FolderType;

    public bool IsLink => (Mode & TypeMask) == SymlinkType;

    public bool IsSocket => (Mode & TypeMask) == SocketType;

    public bool IsPipe => (Mode & TypeMask) == PipeType;

    /// <summary>Its numbers, where it is a node of a block device.</summary>
    public (uint Major, uint Minor)? BlockDevice { get; private init; }

    /// <summary>What it is, for messages.</summary>
    public string Kind => (Mode & TypeMask) switch
    {
        RegularType => "a file",
        FolderType => "a folder",
        SymlinkType => "a symbolic link",
        PipeType => "a pipe",
        _ => "a special file",
    };

    /// <summary>Whether the bytes are surely those of <paramref name="other"/>; blocks, mode and owner may differ.</summary>
    public bool SameContent(FileStamp other) =>
        Device == other.Device && Inode == other.Inode && Size == other.Size
        && ModifiedNanoseconds == other.ModifiedNanoseconds && ChangedNanoseconds == other.ChangedNanoseconds;

    /// <summary>Of the path itself: a symbolic link is not followed. Null when there is nothing.</summary>
    public static FileStamp? TryRead(string path)
    {
        if (LibC.Statx(LibC.AtCurrentFolder, path, LibC.AtSymlinkNoFollow, LibC.StatxBasic, out var buffer) == 0)
        {
            return From(buffer);
        }

        var error = Marshal.GetLastPInvokeError();
        return error is Errno.NoEntry or Errno.NotFolder ? null : throw FileSystem.Error(error, "look at", path);
    }

    public static FileStamp Read(SafeFileHandle file, string path) =>
        LibC.Statx(file, "", LibC.AtEmptyPath, LibC.StatxBasic, out var buffer) == 0
            ? From(buffer)
            : throw FileSystem.LastError("look at", path);

    public static FileStamp From(in LibC.StatxBuffer s) => new(
        ((ulong)s.DeviceMajor << 32) | s.DeviceMinor,
        s.Inode,
        s.Size,
        unchecked((s.ModifySeconds * 1_000_000_000) + s.ModifyNanoseconds),
        unchecked((s.ChangeSeconds * 1_000_000_000) + s.ChangeNanoseconds))
    {
        Mode = s.Mode,
        Uid = s.Uid,
        Gid = s.Gid,
        AllocatedBytes = s.Blocks * 512,
        BlockDevice = (s.Mode & TypeMask) == BlockType ? (s.SpecialMajor, s.SpecialMinor) : null,
    };
}
