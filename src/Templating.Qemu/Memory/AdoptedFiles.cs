using System.Globalization;
using System.Text;
using Templating.Core.Machines;
using Templating.Qemu.Base;

namespace Templating.Qemu.Memory;

/// <summary>
/// Which files a QEMU that another daemon started maps for its guest, from its command line. A QEMU that a guest has
/// broken into could rewrite that, and would deceive only the account of its own memory.
/// </summary>
internal static class AdoptedFiles
{
    public static IReadOnlyList<GuestFile> Read(int pid)
    {
        try
        {
            return [.. Parse(Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{pid}/cmdline")).Split('\0')).Select(file => file with { Path = NameOf(pid, file.Path) })];
        }
        catch (IOException)
        {
            return [];
        }
    }

    public static IReadOnlyList<GuestFile> Parse(IEnumerable<string> arguments)
    {
        var files = new List<GuestFile>();
        foreach (var argument in arguments.Where(a => a.StartsWith("memory-backend-file,", StringComparison.Ordinal)))
        {
            var options = Split(argument);
            if (options.TryGetValue("mem-path", out var path))
            {
                files.Add(new GuestFile(path, RoleOf(options)));
            }
        }

        return files;
    }

    /// <summary>QEMU's own name for a file it was handed says nothing outside of it; the kernel's does.</summary>
    private static string NameOf(int pid, string path) =>
        path.StartsWith(HandedFile.Folder, StringComparison.Ordinal) && int.TryParse(path.AsSpan(HandedFile.Folder.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var descriptor)
            ? new FileInfo(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/fd/{descriptor}")).LinkTarget ?? path
            : path;

    private static MemoryRole RoleOf(Dictionary<string, string> options)
    {
        var share = options.GetValueOrDefault("share") is "on";
        var readOnly = options.GetValueOrDefault("readonly") is "on";
        return (share, readOnly) switch
        {
            (true, true) => MemoryRole.Image,
            (false, _) => MemoryRole.CloneRam,
            _ => MemoryRole.TemplateRam,
        };
    }

    /// <summary>Undoes the doubling of commas.</summary>
    private static Dictionary<string, string> Split(string option)
    {
        const char Comma = '\u0001';
        return option.Replace(",,", Comma.ToString(), StringComparison.Ordinal).Split(',')
            .Select(part => part.Replace(Comma, ',').Split('=', 2))
            .Where(pair => pair.Length == 2)
            .DistinctBy(pair => pair[0], StringComparer.Ordinal)
            .ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
    }
}
