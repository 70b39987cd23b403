using System.Text;

namespace Templating.Contract;

/// <summary>
/// A guest's environment. The limits of this and of the other inputs keep an identity within a message of 1 MiB, and a
/// hostile caller from filling a guest's /run.
/// </summary>
public static class EnvironmentRules
{
    public const int MaxEntries = 256;

    /// <summary>Of all variables as a guest holds them: <c>NAME=VALUE</c> and a final NUL.</summary>
    public const int MaxBytes = 64 << 10;

    public const int MaxName = 256;

    /// <summary>Names as POSIX has them, so that a shell in the guest can read every one.</summary>
    public const string NamePattern = "^[A-Za-z_][A-Za-z0-9_]*$";

    /// <param name="field">Of the whole environment.</param>
    /// <param name="variables">Names and values.</param>
    /// <param name="fields">Of a variable's name and value, where they stand in a list; null where they are a map.</param>
    public static IEnumerable<FieldViolation> Check(
        string field, IReadOnlyCollection<KeyValuePair<string, string>> variables, Func<int, (string Name, string Value)>? fields = null)
    {
        if (variables.Count > MaxEntries)
        {
            yield return new FieldViolation(field, $"It has {variables.Count} entries; at most {MaxEntries} are allowed.");
        }

        var bytes = variables.Sum(v => Encoding.UTF8.GetByteCount(v.Key) + Encoding.UTF8.GetByteCount(v.Value) + 2L);
        if (bytes > MaxBytes)
        {
            yield return new FieldViolation(field, $"It has {bytes} bytes, two a variable for its separators; at most {MaxBytes} are allowed.");
        }

        foreach (var (index, (name, value)) in variables.Index())
        {
            if (!IsName(name))
            {
                yield return new FieldViolation(
                    fields is null ? field : fields(index).Name,
                    $"{Quote.Text(name)} is not a variable's name: use A-Z, a-z, 0-9 and '_', no digit first, at most {MaxName}.");
            }

            if (value.Contains('\0', StringComparison.Ordinal))
            {
                yield return new FieldViolation(fields is null ? $"{field}[{Quote.Text(name)}]" : fields(index).Value, "Its value has a NUL byte; give it as a file.");
            }
        }
    }

    private static bool IsName(string name) =>
        name.Length is > 0 and <= MaxName && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
}
