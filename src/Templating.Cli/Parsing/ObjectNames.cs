using Templating.Cli.Exits;
using Templating.Contract;

namespace Templating.Cli.Parsing;

/// <summary>Names as people write them (<c>web</c>, <c>web@REVISION</c>, or in full) made into the wire's.</summary>
internal static class ObjectNames
{
    public const string AllTenants = "tenants/-";

    private const int LeastDigits = 4;

    public static string Parent(string tenant) => "tenants/" + Checked("tenant", tenant);

    public static string Clone(string tenant, string text) =>
        text.Split('/') is ["tenants", var owner, "clones", var id] && Labels.IsLabel(owner) && Labels.IsLabel(id)
            ? text
            : $"{Parent(tenant)}/clones/{Checked("clone id", text)}";

    public static string Pool(string tenant, string text) =>
        text.Split('/') is ["tenants", var owner, "pools", var id] && Labels.IsLabel(owner) && Labels.IsLabel(id)
            ? text
            : $"{Parent(tenant)}/pools/{Checked("pool", text)}";

    public static string Image(string tenant, string text) =>
        text.Split('/') is ["tenants", var owner, "images", var digest] && Labels.IsLabel(owner) && Labels.IsSha256(digest) ? text
        : Labels.IsSha256(text) ? $"{Parent(tenant)}/images/{text}"
        : throw new CliException(ExitCode.Usage, $"{Quote.Text(text)} is not an image's digest: 64 hex digits in lower case are.");

    /// <param name="revision">The revision, perhaps shortened; empty for none.</param>
    public static string Template(string tenant, string text, out string revision)
    {
        revision = "";
        if (text.Split('/') is ["tenants", var owner, "templates", var name, .. var rest] && Labels.IsLabel(owner) && Labels.IsLabel(name)
            && (rest is [] || (rest is ["revisions", var digits] && IsRevision(digits))))
        {
            revision = rest is [] ? "" : rest[1];
            return $"tenants/{owner}/templates/{name}";
        }

        var at = text.IndexOf('@', StringComparison.Ordinal);
        revision = at < 0 ? "" : text[(at + 1)..];
        if (at >= 0 && !IsRevision(revision))
        {
            throw new CliException(
                ExitCode.Usage,
                $"{Quote.Text(revision)} is not a revision: {LeastDigits} to {Labels.RevisionLength} hex digits in lower case are allowed.");
        }

        return $"{Parent(tenant)}/templates/{Checked("template name", at < 0 ? text : text[..at])}";
    }

    /// <summary>A parent as people are told of it.</summary>
    public static string Told(string parent) => parent == AllTenants ? "any tenant" : parent;

    public static string Last(string name) => name[(name.LastIndexOf('/') + 1)..];

    public static string Checked(string what, string text) => Labels.IsLabel(text)
        ? text
        : throw new CliException(
            ExitCode.Usage, $"{Quote.Text(text)} is not a {what}: 1 to {Labels.MaxLength} of a-z, 0-9 and '-' are allowed, no '-' at the ends.");

    private static bool IsRevision(string text) =>
        text.Length is >= LeastDigits and <= Labels.RevisionLength && Labels.IsLowerHex(text, text.Length);
}
