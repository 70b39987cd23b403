using System.Globalization;
using System.Text;
using Templating.Core.Linux;
using Templating.Core.Machines;

namespace Templating.Qemu.Memory;

/// <summary>
/// Which files the memory of a VM is whose command line does not say it, for the next daemon: a line for each,
/// <c>ROLE MAJOR:MINOR INODE PLACE</c>, the device in hex as /proc has it. Their names lead nowhere any more.
/// </summary>
internal static class BoundFiles
{
    /// <summary>Nine lines are the most there are.</summary>
    private const int MaxBytes = 4096;

    public static void Write(VmFolder folder, IReadOnlyList<GuestFile> files)
    {
        var text = string.Concat(files.Select(file => file.Identity is { } id
            ? string.Create(CultureInfo.InvariantCulture, $"{file.Role} {id.Major:x}:{id.Minor:x} {id.Inode} {file.Path}\n")
            : throw new ArgumentException("A file without its numbers cannot be found again.", nameof(files))));
        using var written = FileSystem.MakeFile(folder.Memory, FileSystem.OwnerOnlyFile);
        FileSystem.Write(written, Encoding.UTF8.GetBytes(text), 0, folder.Memory);
    }

    /// <summary>Null where there is no such file. A line that is none of these is left out: it would only spoil the account of the VM's memory.</summary>
    public static IReadOnlyList<GuestFile>? Read(VmFolder folder)
    {
        try
        {
            return [.. Encoding.UTF8.GetString(SmallFile.Read(folder.Memory, MaxBytes)).Split('\n').Select(Parse).OfType<GuestFile>()];
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static GuestFile? Parse(string line) =>
        line.Split(' ', 4) is [var role, var device, var inode, var place]
        && Enum.TryParse<MemoryRole>(role, out var known) && Enum.IsDefined(known)
        && FileIdentity.Parse(device, inode) is { } identity
            ? new GuestFile(place, known, identity)
            : null;
}
