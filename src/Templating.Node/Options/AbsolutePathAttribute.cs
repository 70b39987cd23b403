using System.ComponentModel.DataAnnotations;

namespace Templating.Node.Options;

/// <summary>A path, or each of a list of paths, must be absolute and without <c>.</c> and <c>..</c>. Null is valid.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class AbsolutePathAttribute : ValidationAttribute
{
    protected override ValidationResult? IsValid(object? value, ValidationContext validationContext)
    {
        var paths = value switch
        {
            null or "" => [],
            string path => [path],
            IEnumerable<string> many => many,
            _ => throw new InvalidOperationException("AbsolutePath is for strings and lists of them."),
        };
        var faults = paths
            .Where(path => !IsAbsolute(path))
            .Select(path => $"{validationContext.DisplayName}: '{path}' is not an absolute path without '.' and '..'.")
            .ToList();
        return faults.Count == 0 ? ValidationResult.Success : new ValidationResult(string.Join(" ", faults));
    }

    private static bool IsAbsolute(string path) =>
        path.StartsWith('/') && !path.Contains('\0') && string.Equals(Path.GetFullPath(path).TrimEnd('/'), path.TrimEnd('/'), StringComparison.Ordinal);
}
