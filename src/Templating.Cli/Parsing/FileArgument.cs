using System.Text.RegularExpressions;

namespace Templating.Cli.Parsing;

/// <summary><c>GUESTPATH=FILE[:MODE]</c>: a file for the guest, from one of ours. What is allowed in the guest the reader of the request says.</summary>
/// <param name="Mode">Null where none is given.</param>
internal sealed partial record FileArgument(string Path, string Source, uint? Mode)
{
    public const string Allowed = "GUESTPATH=FILE or GUESTPATH=FILE:MODE with an octal mode of three or four digits, such as /run/app.conf=app.conf:0644";

    public static bool TryParse(string text, out FileArgument file)
    {
        var match = Form().Match(text);
        file = new FileArgument(
            match.Groups["path"].Value, match.Groups["source"].Value,
            match.Groups["mode"] is { Success: true } mode ? Convert.ToUInt32(mode.Value, fromBase: 8) : null);
        return match.Success;
    }

    [GeneratedRegex(@"\A(?<path>/[^=]*)=(?<source>.+?)(:(?<mode>[0-7]{3,4}))?\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Form();
}
