namespace Templating.Node.Commands.Runtimes;

/// <summary>
/// Our lines at the end of a file of containerd's, between two comments. All others stay as they are, byte for byte, and taking the block
/// out gives back the file that was.
/// </summary>
internal static class RuntimeBlock
{
    private const string Mark = "# BEGIN templating.dev";
    private const string Begin = Mark + ": written by 'templating runtime install' and taken out by 'templating runtime uninstall'; not for editing";

    /// <summary>The file's last line had no end: it got one, which goes with the block.</summary>
    private const string BeginBehindOpenLine = Begin + ", with the end of the line above";
    private const string End = "# END templating.dev";

    public static bool IsIn(string text) => Find(text) is not null;

    /// <returns>False where a mark stands without its other, or more than once.</returns>
    public static bool IsWhole(string text) =>
        (LinesStartingWith(text, Mark), LinesStartingWith(text, End)) is (0, 0) or (1, 1) && (LinesStartingWith(text, Mark) == 0 || Find(text) is not null);

    /// <param name="lines">Whole lines.</param>
    public static string Put(string text, string lines)
    {
        if (Find(text) is { } there)
        {
            var begin = text[there.Start..there.Line];
            return string.Concat(text.AsSpan(0, there.Start), begin, lines, text.AsSpan(there.Last));
        }

        var isOpen = text.Length > 0 && text[^1] != '\n';
        return $"{text}{(isOpen ? "\n" + BeginBehindOpenLine : Begin)}\n{lines}{End}\n";
    }

    public static string Remove(string text)
    {
        if (Find(text) is not { } there)
        {
            return text;
        }

        var rest = text[there.Stop..];
        // Where somebody has written below it, the line above needs its end.
        var start = rest.Length == 0 && text.AsSpan(there.Start).StartsWith(BeginBehindOpenLine, StringComparison.Ordinal) ? there.Start - 1 : there.Start;
        return text[..start] + rest;
    }

    /// <summary>What stands between the marks; empty where there is no block.</summary>
    public static string Lines(string text) => Find(text) is { } there ? text[there.Line..there.Last] : "";

    /// <returns>Where its first line begins and ends, where its last one begins, and where the text goes on behind it.</returns>
    private static (int Start, int Line, int Last, int Stop)? Find(string text)
    {
        if (LineStartingWith(text, Mark, 0) is not { } start || LineStartingWith(text, End, start) is not { } last)
        {
            return null;
        }

        var line = text.IndexOf('\n', start) + 1;
        var end = text.IndexOf('\n', last);
        return (start, line, last, end < 0 ? text.Length : end + 1);
    }

    private static int? LineStartingWith(string text, string what, int from)
    {
        for (var at = text.IndexOf(what, from, StringComparison.Ordinal); at >= 0; at = text.IndexOf(what, at + 1, StringComparison.Ordinal))
        {
            if (at == 0 || text[at - 1] == '\n')
            {
                return at;
            }
        }

        return null;
    }

    private static int LinesStartingWith(string text, string what)
    {
        var count = 0;
        for (var at = LineStartingWith(text, what, 0); at is { } found; at = LineStartingWith(text, what, found + 1))
        {
            count++;
        }

        return count;
    }
}
