using System.Text;

namespace Templating.Qemu.Console;

/// <summary>What a guest printed, made fit for a message: a terminal must not obey it.</summary>
internal static class ConsoleText
{
    public const int MessageBytes = 2048;

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

    public static bool ShowsPanic(ReadOnlySpan<byte> tail) => tail.IndexOf("Kernel panic"u8) >= 0;
}
