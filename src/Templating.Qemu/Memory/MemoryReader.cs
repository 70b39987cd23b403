using Templating.Core.Errors;
using Templating.Core.Machines;

namespace Templating.Qemu.Memory;

/// <summary>Reads what a process costs, from its smaps (proc_pid_smaps(5)).</summary>
internal static class MemoryReader
{
    public static VmMemory Read(int pid, IReadOnlyList<GuestFile> files)
    {
        try
        {
            return Parse(File.ReadLines($"/proc/{pid}/smaps"), files);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TemplatingException(ErrorCode.QemuExited, $"The memory of process {pid} cannot be read: {e.Message}", e);
        }
    }

    public static VmMemory Parse(IEnumerable<string> smaps, IReadOnlyList<GuestFile> files)
    {
        long resident = 0, proportional = 0, shared = 0, @private = 0, ram = 0, image = 0;
        MemoryRole? role = null;
        foreach (var line in smaps)
        {
            // A mapping's line begins with a hex digit and names no field: "Rss:  12 kB" is a field.
            if (Field(line) is not { } field)
            {
                if (Mapping.Parse(line) is { } mapping)
                {
                    role = files.FirstOrDefault(f => string.Equals(f.Path, mapping.Path, StringComparison.Ordinal))?.Role;
                }

                continue;
            }

            switch (field.Name)
            {
                case "Rss":
                    resident += field.Bytes;
                    break;
                case "Pss":
                    proportional += field.Bytes;
                    break;
                case "Shared_Clean" or "Shared_Dirty":
                    shared += field.Bytes;
                    break;
                case "Private_Clean" or "Private_Dirty":
                    @private += field.Bytes;
                    // A template's RAM is a file that only it maps: its cost is all of it.
                    ram += role is MemoryRole.TemplateRam ? field.Bytes : 0;
                    break;
                case "Anonymous" when role is MemoryRole.CloneRam:
                    ram += field.Bytes;
                    break;
                case "Anonymous" when role is MemoryRole.Image:
                    image += field.Bytes;
                    break;
            }
        }

        return new VmMemory(resident, proportional, shared, @private, ram, image);
    }

    private static (string Name, long Bytes)? Field(string line)
    {
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && !line.AsSpan(0, colon).Contains(' ') && line.EndsWith(" kB", StringComparison.Ordinal)
            && long.TryParse(line.AsSpan(colon + 1, line.Length - colon - 4), System.Globalization.NumberStyles.AllowLeadingWhite,
                null, out var kilobytes) && kilobytes < long.MaxValue / 1024
            ? (line[..colon], kilobytes * 1024)
            : null;
    }
}
