using Templating.Core.Linux;

namespace Templating.Node.Files;

/// <summary>Tells a file from one that took its place.</summary>
internal readonly record struct FileIdentity(uint DeviceMajor, uint DeviceMinor, ulong Inode, long ChangedSeconds, uint ChangedNanoseconds)
{
    /// <summary>Null when there is nothing, or nothing that can be looked at.</summary>
    public static FileIdentity? TryRead(string path) =>
        LibC.Statx(LibC.AtCurrentFolder, path, LibC.AtSymlinkNoFollow, LibC.StatxBasic, out var file) == 0
            ? new FileIdentity(file.DeviceMajor, file.DeviceMinor, file.Inode, file.ChangeSeconds, file.ChangeNanoseconds)
            : null;
}
