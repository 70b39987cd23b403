namespace Templating.Contract;

/// <summary>The bytes at /run/templating/user-data in a guest.</summary>
public static class UserDataRules
{
    public const int MaxBytes = 64 << 10;

    public static IEnumerable<FieldViolation> Check(string field, long bytes) =>
        FieldViolation.Unless(bytes <= MaxBytes, field, $"It has {bytes} bytes; at most {MaxBytes} are allowed.");
}
