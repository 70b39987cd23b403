namespace Templating.Contract;

/// <summary>Control groups that a VM's process may be put into.</summary>
public static class CgroupRules
{
    public const int MaxCount = 16;

    private const string Root = "/sys/fs/cgroup/";

    private const int MaxLength = 1024;

    public static IEnumerable<FieldViolation> Check(string field, IReadOnlyList<string> folders)
    {
        ArgumentNullException.ThrowIfNull(folders);
        if (folders.Count > MaxCount)
        {
            yield return new FieldViolation(field, $"It has {folders.Count} entries; at most {MaxCount} are allowed.");
        }

        for (var i = 0; i < Math.Min(folders.Count, MaxCount); i++)
        {
            if (!IsBelowRoot(folders[i]))
            {
                yield return new FieldViolation(
                    $"{field}[{i}]", $"{Quote.Text(folders[i])} is no folder below {Root} of at most {MaxLength} characters, without empty parts, '.' and '..'.");
            }
        }
    }

    private static bool IsBelowRoot(string folder) =>
        folder.Length <= MaxLength && folder.StartsWith(Root, StringComparison.Ordinal) && !folder.Any(char.IsControl)
        && folder[Root.Length..].Split('/').All(part => part is not ("" or "." or ".."));
}
