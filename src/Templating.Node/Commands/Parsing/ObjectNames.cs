using System.Text.RegularExpressions;

namespace Templating.Node.Commands.Parsing;

/// <summary>Names as people write them (<c>web</c>, <c>web@REVISION</c>, or in full) made into the wire's.</summary>
internal static partial class ObjectNames
{
    public const string AllTenants = "tenants/-";

    public const int RevisionLength = 32;

    public static string Parent(string tenant) => "tenants/" + Checked("tenant", tenant);

    public static string Clone(string tenant, string text)
    {
        var match = FullClone().Match(text);
        return match.Success ? text : $"{Parent(tenant)}/clones/{Checked("clone id", text)}";
    }

    /// <param name="revision">The revision, perhaps shortened; empty for none.</param>
    public static string Template(string tenant, string text, out string revision)
    {
        var match = FullTemplate().Match(text);
        if (match.Success)
        {
            revision = match.Groups["revision"].Value;
            return match.Groups["name"].Value;
        }

        var at = text.IndexOf('@', StringComparison.Ordinal);
        revision = at < 0 ? "" : text[(at + 1)..];
        if (at >= 0 && !ShortRevision().IsMatch(revision))
        {
            throw new CliException(
                ExitCode.Usage, $"'{revision}' is not a revision: 4 to {RevisionLength} hex digits in lower case are allowed.");
        }

        return $"{Parent(tenant)}/templates/{Checked("template name", at < 0 ? text : text[..at])}";
    }

    public static string Last(string name) => name[(name.LastIndexOf('/') + 1)..];

    public static string Checked(string what, string text) => Label().IsMatch(text)
        ? text
        : throw new CliException(
            ExitCode.Usage, $"'{text}' is not a {what}: 1 to 63 of a-z, 0-9 and '-' are allowed, no '-' at the ends.");

    [GeneratedRegex(@"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Label();

    [GeneratedRegex(@"^tenants/[a-z0-9-]{1,63}/clones/[a-z0-9-]{1,63}\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex FullClone();

    [GeneratedRegex(@"^(?<name>tenants/[a-z0-9-]{1,63}/templates/[a-z0-9-]{1,63})(/revisions/(?<revision>[0-9a-f]{4,32}))?\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex FullTemplate();

    [GeneratedRegex(@"^[0-9a-f]{4,32}\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ShortRevision();
}
