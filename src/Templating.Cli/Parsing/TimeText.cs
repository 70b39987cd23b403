using System.Globalization;

namespace Templating.Cli.Parsing;

/// <summary>A moment as RFC 3339 has it, which leaves no time zone to be guessed.</summary>
internal static class TimeText
{
    public const string Allowed = "a time with its offset, such as 2030-01-31T18:00:00Z or 2030-01-31T19:00:00+01:00";

    private static readonly string[] Forms =
    [
        "yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", "yyyy-MM-dd'T'HH:mm:sszzz", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz",
    ];

    public static bool TryParse(string text, out DateTimeOffset time) =>
        DateTimeOffset.TryParseExact(text, Forms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out time);
}
