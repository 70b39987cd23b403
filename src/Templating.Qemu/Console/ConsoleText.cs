using System.Text;

namespace Templating.Qemu.Console;

/// <summary>What a guest printed, made fit for a message: a terminal must not obey it.</summary>
internal static class ConsoleText
{
    public const int MessageBytes = 2048;

    private const int PanicBytes = 256;

    /// <summary>Linux, kernel/panic.c: what each panic's line begins with.</summary>
    private static ReadOnlySpan<byte> Panic => "Kernel panic - not syncing"u8;

    public static string Clean(ReadOnlySpan<byte> bytes, int maxBytes = MessageBytes)
    {
        var tail = bytes[Math.Max(0, bytes.Length - maxBytes)..];
        var text = new StringBuilder(tail.Length);
        foreach (var b in tail)
        {
            if (b is (byte)'\n' or (>= 0x20 and < 0x7f))
            {
                text.Append((char)b);
            }
        }

        return text.ToString().Trim();
    }

    /// <summary>
    /// The part that says most about an end: of a kernel's panic its beginning with what was printed before it, for what
    /// follows is a call trace that is the same for all; else the end.
    /// </summary>
    public static string Excerpt(ReadOnlySpan<byte> tail)
    {
        var panic = tail.IndexOf(Panic);
        if (panic < 0)
        {
            return Clean(tail);
        }

        var from = Math.Max(0, panic - (MessageBytes / 2));
        return Clean(tail[from..Math.Min(tail.Length, from + MessageBytes)]);
    }

    /// <summary>The line with which the kernel said that it panicked, fit for a message; null where it did not.</summary>
    public static string? PanicLine(ReadOnlySpan<byte> tail)
    {
        if (tail.LastIndexOf(Panic) is not (>= 0 and var at))
        {
            return null;
        }

        // The last of them may be the end of its trace ("---[ end Kernel panic - not syncing: ... ]---").
        if (tail[..at].LastIndexOf(Panic) is >= 0 and var before && tail[..at].EndsWith("---[ end "u8))
        {
            at = before;
        }

        var line = tail[at..];
        var end = line.IndexOf((byte)'\n');
        line = end < 0 ? line : line[..end];
        return Clean(line[..Math.Min(line.Length, PanicBytes)]);
    }
}
