using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Templating.Core.Errors;

namespace Templating.Qemu.Memory;

/// <summary>A file by the numbers that the kernel gives it where a process maps it: those of its device and its inode.</summary>
internal readonly record struct FileIdentity(uint Major, uint Minor, ulong Inode)
{
    /// <summary>
    /// Of an open file. Not by stat(2): a filesystem may tell another device there than in a mapping (btrfs does, of its subvolumes).
    /// </summary>
    public static FileIdentity Of(SafeFileHandle file)
    {
        ulong? inode = null;
        string? mount = null;
        foreach (var line in File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fdinfo/{file.DangerousGetHandle()}")))
        {
            inode = line.StartsWith("ino:", StringComparison.Ordinal) ? ulong.Parse(line.AsSpan(4), CultureInfo.InvariantCulture) : inode;
            mount = line.StartsWith("mnt_id:", StringComparison.Ordinal) ? line[7..].Trim() : mount;
        }

        // 36 35 98:0 /mnt1 /mnt2 ...: the device is the third, in decimal.
        var device = File.ReadLines("/proc/self/mountinfo").Select(line => line.Split(' ', 4)).FirstOrDefault(fields => fields[0] == mount)?[2].Split(':');
        return inode is { } number && device is [var major, var minor]
            ? new FileIdentity(uint.Parse(major, CultureInfo.InvariantCulture), uint.Parse(minor, CultureInfo.InvariantCulture), number)
            : throw new TemplatingException(ErrorCode.Internal, "The kernel does not tell which file it is that was opened (/proc/self/fdinfo, ino and mnt_id: Linux 5.14).");
    }

    /// <summary>As /proc/PID/maps has them: the device in hex, the inode in decimal. Null where it is no file.</summary>
    public static FileIdentity? Parse(ReadOnlySpan<char> device, ReadOnlySpan<char> inode)
    {
        var colon = device.IndexOf(':');
        return colon > 0
            && uint.TryParse(device[..colon], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var major)
            && uint.TryParse(device[(colon + 1)..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var minor)
            && ulong.TryParse(inode, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number != 0
            ? new FileIdentity(major, minor, number)
            : null;
    }
}
