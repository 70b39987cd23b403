using System.Text;

namespace Templating.Qemu.Console;

/// <summary>What a guest printed, made fit for a message: a terminal must not obey it.</summary>
internal static class ConsoleText
{
    public const int MessageBytes = 2048;

    private static ReadOnlySpan<byte> Panic => "Kernel panic"u8;

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

    public static bool ShowsPanic(ReadOnlySpan<byte> tail) => tail.IndexOf(Panic) >= 0;
}
