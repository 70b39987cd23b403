using System.Buffers.Binary;

namespace Templating.Cli.Terminals;

/// <summary>Whose a file is; .NET tells its mode only.</summary>
internal readonly record struct FileOwner(uint User, uint Group)
{
    // statx(2): AT_FDCWD, STATX_UID | STATX_GID; stx_uid lies at byte 20 and stx_gid at 24 on every architecture.
    private const int CurrentFolder = -100;
    private const uint UserAndGroup = 0x8 | 0x10;

    public static FileOwner? Of(string path)
    {
        var buffer = new byte[256];
        return LibC.Stat(CurrentFolder, path, 0, UserAndGroup, ref buffer[0]) == 0
            ? new FileOwner(
                BinaryPrimitives.ReadUInt32LittleEndian(buffer.AsSpan(20)),
                BinaryPrimitives.ReadUInt32LittleEndian(buffer.AsSpan(24)))
            : null;
    }
}
