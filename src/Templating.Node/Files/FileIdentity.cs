using System.Runtime.InteropServices;

namespace Templating.Node.Files;

/// <summary>Tells a file from one that took its place.</summary>
internal readonly partial record struct FileIdentity(uint DeviceMajor, uint DeviceMinor, ulong Inode, long ChangedSeconds, uint ChangedNanoseconds)
{
    // linux/fcntl.h, linux/stat.h
    private const int AtFdCwd = -100;
    private const int AtSymlinkNoFollow = 0x100;
    private const uint Basic = 0x7ff;

    /// <summary>Null when there is nothing, or nothing that can be looked at.</summary>
    public static FileIdentity? TryRead(string path)
    {
        Span<byte> buffer = stackalloc byte[256];
        return StatX(AtFdCwd, path, AtSymlinkNoFollow, Basic, buffer) == 0
            ? new FileIdentity(
                MemoryMarshal.Read<uint>(buffer[136..]), MemoryMarshal.Read<uint>(buffer[140..]), MemoryMarshal.Read<ulong>(buffer[32..]),
                MemoryMarshal.Read<long>(buffer[96..]), MemoryMarshal.Read<uint>(buffer[104..]))
            : null;
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int StatX(int folder, string path, int flags, uint mask, Span<byte> result);
}
