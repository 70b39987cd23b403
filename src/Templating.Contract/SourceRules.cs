using System.Text.RegularExpressions;

namespace Templating.Contract;

/// <summary>The files a template is made from, by a path on the node or by a URL.</summary>
public static partial class SourceRules
{
    public const int MaxImages = 8;

    /// <summary>PATH_MAX is 4,096 with the final NUL (limits.h).</summary>
    public const int MaxPathBytes = 4095;

    /// <summary>Absolute, in its shortest form, and without control characters.</summary>
    public const string PathPattern = "^(/([^/." + Control + @"]|\.[^/." + Control + @"]|\.\.[^/" + Control + "])[^/" + Control + "]*)+$";

    public const int MaxUrl = 2048;

    /// <summary>https with a host, in ASCII, without a user and a fragment. Whether the host is one, only a parser tells.</summary>
    public const string UrlPattern = @"^[hH][tT][tT][pP][sS]://[!""$-.0->A-\[\]-~]+([/?\\][!""$-~]*)?$";

    public const string Sha256Pattern = "^[0-9a-f]{64}$";

    private const string Control = @"\x00-\x1f\x7f-\x9f";

    /// <param name="field">Of the file.</param>
    /// <param name="path">Null for none.</param>
    /// <param name="url">Null for none.</param>
    /// <param name="sha256">Null for none; always with a URL.</param>
    public static IEnumerable<FieldViolation> Check(string field, string? path, string? url, string? sha256)
    {
        if (path is null == url is null)
        {
            return [new FieldViolation(field, path is null ? "It has neither path nor url; give one." : "It has both path and url; give one.")];
        }

        return
        [
            .. path is null ? [] : CheckPath(field + ".path", path),
            .. FieldViolation.Unless(
                url is null || IsUrl(url), field + ".url",
                $"{Quote.Text(url)} is not a URL of the form https://HOST/PATH with at most {MaxUrl} characters, all ASCII and without a user."),
            .. FieldViolation.Unless(
                sha256 is null ? url is null : Labels.IsSha256(sha256), field + ".sha256",
                $"{Quote.Text(sha256)} is not a digest: give the 64 lower-case hex digits that 'sha256sum FILE' prints."),
        ];
    }

    public static IEnumerable<FieldViolation> CheckPath(string field, string? path) =>
        PathProblem(path) is { } problem ? [new FieldViolation(field, problem)] : [];

    private static string? PathProblem(string? path)
    {
        if (string.IsNullOrEmpty(path) || path[0] != '/')
        {
            return $"{Quote.Text(path)} is not an absolute path; give one on the node.";
        }

        if (Utf8.Length(path) is var bytes and (< 0 or > MaxPathBytes))
        {
            return bytes < 0 ? "The path is not Unicode; rename the file." : $"The path has {bytes} bytes; at most {MaxPathBytes} are possible.";
        }

        if (path.Any(char.IsControl))
        {
            return $"{Quote.Text(path)} holds a control character; rename the file.";
        }

        return path.Split('/').Skip(1).Any(part => part is "" or "." or "..")
            ? $"{Quote.Text(path)} is not in its shortest form; leave out '.', '..', '//' and a final '/'."
            : null;
    }

    /// <summary>The parser alone is lenient: it takes backslashes for slashes, and a user of no letters.</summary>
    private static bool IsUrl(string text) => text.Length <= MaxUrl && UrlShape().IsMatch(text) && Uri.TryCreate(text, UriKind.Absolute, out var url)
        && url.Scheme == Uri.UriSchemeHttps && url.UserInfo.Length == 0 && url.Fragment.Length == 0 && text.All(c => c is > ' ' and <= '~');

    [GeneratedRegex(UrlPattern, RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex UrlShape();
}
