using System.Text;

namespace Templating.Core.Linux;

/// <summary>/proc/self/mountinfo, as far as it tells what is mounted at a place (proc(5)).</summary>
internal static class MountTable
{
    /// <param name="Type">The filesystem's.</param>
    /// <param name="Source">As given to mount(2).</param>
    internal sealed record Entry(string Target, string Type, string Source);

    /// <summary>In the order of mounting: the last of a target is the one on top.</summary>
    public static IEnumerable<Entry> At(string target) =>
        File.ReadLines("/proc/self/mountinfo").Select(Parse).OfType<Entry>().Where(e => string.Equals(e.Target, target, StringComparison.Ordinal));

    /// <summary>Null for a line that is not one.</summary>
    internal static Entry? Parse(string line)
    {
        // 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
        var dash = line.IndexOf(" - ", StringComparison.Ordinal);
        if (dash < 0)
        {
            return null;
        }

        var before = line[..dash].Split(' ');
        var after = line[(dash + 3)..].Split(' ');
        return before.Length >= 6 && after.Length >= 2 ? new Entry(Unescape(before[4]), after[0], Unescape(after[1])) : null;
    }

    /// <summary>Blanks, tabs, newlines and backslashes are three octal digits behind a backslash.</summary>
    private static string Unescape(string text)
    {
        if (!text.Contains('\\', StringComparison.Ordinal))
        {
            return text;
        }

        var plain = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 3 < text.Length)
            {
                plain.Append((char)Convert.ToInt32(text.Substring(i + 1, 3), 8));
                i += 3;
            }
            else
            {
                plain.Append(text[i]);
            }
        }

        return plain.ToString();
    }
}
