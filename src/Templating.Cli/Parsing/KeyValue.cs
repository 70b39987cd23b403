namespace Templating.Cli.Parsing;

/// <summary><c>KEY=VALUE</c>; the value may be empty and may hold further equals signs.</summary>
internal static class KeyValue
{
    public const string Allowed = "KEY=VALUE";

    public static bool TryParse(string text, out KeyValuePair<string, string> pair)
    {
        var at = text.IndexOf('=', StringComparison.Ordinal);
        pair = at > 0 ? KeyValuePair.Create(text[..at], text[(at + 1)..]) : default;
        return at > 0;
    }
}
