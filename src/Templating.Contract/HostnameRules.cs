namespace Templating.Contract;

/// <summary>A guest's host name: RFC 1123 labels with dots between.</summary>
public static class HostnameRules
{
    /// <summary>Linux has room for so many characters (HOST_NAME_MAX, limits.h).</summary>
    public const int MaxLength = 64;

    public const string Pattern = "^" + Label + @"(\." + Label + ")*$";

    /// <summary>With its length, because no length of the whole bounds a part.</summary>
    private const string Label = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?";

    /// <param name="hostname">Empty or null for none.</param>
    public static IEnumerable<FieldViolation> Check(string field, string? hostname) => FieldViolation.Unless(
        string.IsNullOrEmpty(hostname) || (hostname.Length <= MaxLength && hostname.Split('.').All(Labels.IsLabel)), field,
        $"{Quote.Text(hostname)} is not a host name: use RFC 1123 labels with '.' between, at most {MaxLength} characters in all.");
}
