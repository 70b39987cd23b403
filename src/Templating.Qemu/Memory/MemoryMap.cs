using System.Globalization;

namespace Templating.Qemu.Memory;

/// <summary>One mapping of a process, a line of /proc/PID/maps.</summary>
/// <param name="Permissions">Four letters: <c>rw-p</c>.</param>
/// <param name="Path">As the kernel prints it; empty for none.</param>
/// <param name="File">The file mapped; null where it is none.</param>
internal readonly record struct Mapping(string Permissions, string Path, FileIdentity? File = null)
{
    /// <summary>Its first byte in memory.</summary>
    public long Start { get; init; }

    /// <summary>The first byte behind it.</summary>
    public long End { get; init; }

    /// <summary>Of its first byte in the file.</summary>
    public long Offset { get; init; }

    public bool Writable => Permissions is [_, 'w', ..];

    public bool Executable => Permissions is [_, _, 'x', ..];

    public bool Shared => Permissions is [.., 's'];

    /// <summary>Null for what is not the first line of a mapping.</summary>
    public static Mapping? Parse(ReadOnlySpan<char> line)
    {
        // 7f0000000000-7f0010000000 rw-p 00000000 fe:00 12345      /path, which may have spaces
        Span<Range> fields = stackalloc Range[6];
        var count = line.Split(fields, ' ', StringSplitOptions.RemoveEmptyEntries);
        if (count < 5 || line[fields[0]].IndexOf('-') is not (> 0 and var dash) || line[fields[1]].Length != 4
            || Hex(line[fields[0]][..dash]) is not { } start || Hex(line[fields[0]][(dash + 1)..]) is not { } end || Hex(line[fields[2]]) is not { } offset)
        {
            return null;
        }

        return new Mapping(line[fields[1]].ToString(), count == 6 ? line[fields[5]].Trim().ToString() : "", FileIdentity.Parse(line[fields[3]], line[fields[4]]))
        {
            Start = start,
            End = end,
            Offset = offset,
        };
    }

    private static long? Hex(ReadOnlySpan<char> text) =>
        long.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number) ? number : null;
}
