using System.Globalization;
using Templating.Qemu.CommandLine;
using Templating.Qemu.Memory;

namespace Templating.Qemu.Plugging;

/// <summary>
/// What is plugged is called by QEMU as its port says, and an image's memory after the file besides: whoever takes a VM over learns
/// from QEMU which files are mapped, though their names lead nowhere any more.
/// </summary>
internal static class PlugIds
{
    private const string Device = "plug";
    private const string Memory = "file";

    public static string Of(int port) => string.Create(CultureInfo.InvariantCulture, $"{Device}{port}");

    /// <summary>Null for what is none of these, and for one that is written otherwise.</summary>
    public static int? PortOf(string id) =>
        id.StartsWith(Device, StringComparison.Ordinal) && int.TryParse(id.AsSpan(Device.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            && port < SandboxDevices.Ports && id == Of(port) ? port : null;

    public static string MemoryOf(int port, FileIdentity file) =>
        string.Create(CultureInfo.InvariantCulture, $"{Memory}{port}-{file.Major:x}-{file.Minor:x}-{file.Inode}");

    /// <summary>Null for what is none of these.</summary>
    public static FileIdentity? FileOf(string id) =>
        id.StartsWith(Memory, StringComparison.Ordinal) && id.Split('-') is [_, var major, var minor, var inode]
            ? FileIdentity.Parse($"{major}:{minor}", inode)
            : null;
}
