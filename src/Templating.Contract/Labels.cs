namespace Templating.Contract;

/// <summary>
/// The rules of names. A tenant or template name is an RFC 1123 label, which is also a safe file name: no separator,
/// no dot, nothing hidden, so a name can never lead out of the store.
/// </summary>
public static class Labels
{
    /// <summary>RFC 1123 section 2.1 by way of RFC 1035: a label has at most 63 octets.</summary>
    public const int MaxLength = 63;

    /// <summary>128 bits of a SHA-256: no two builds meet by chance, and nobody guesses one.</summary>
    public const int RevisionLength = 32;

    public static bool IsLabel(string? text)
    {
        if (text is null || text.Length is 0 or > MaxLength || text[0] == '-' || text[^1] == '-')
        {
            return false;
        }

        return text.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-');
    }

    public static bool IsRevision(string? text) => IsLowerHex(text, RevisionLength);

    public static bool IsSha256(string? text) => IsLowerHex(text, 64);

    public static bool IsLowerHex(string? text, int length) =>
        text is not null && text.Length == length && text.All(char.IsAsciiHexDigitLower);

    /// <summary>Null when <paramref name="text"/> is a label, else what is wrong with it.</summary>
    public static FieldViolation? Check(string field, string? text) => IsLabel(text)
        ? null
        : new FieldViolation(field, $"{Quote.Text(text)} is not a name: use 1 to {MaxLength} of a-z, 0-9 and '-', with no '-' at the ends.");
}
