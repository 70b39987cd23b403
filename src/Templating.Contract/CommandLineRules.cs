namespace Templating.Contract;

/// <summary>The kernel's command line.</summary>
public static class CommandLineRules
{
    /// <summary>x86 boot protocol (Documentation/arch/x86/boot.rst): cmdline_size is 2,047, without the final NUL.</summary>
    public const int MaxBytes = 2047;

    /// <summary>Printable ASCII on one line.</summary>
    public const string Pattern = "^[ -~]*$";

    public static IEnumerable<FieldViolation> Check(string field, string line)
    {
        if (line.Length > MaxBytes)
        {
            yield return new FieldViolation(field, $"It has {line.Length} bytes; at most {MaxBytes} fit the x86 boot protocol.");
        }

        if (line.AsSpan().IndexOfAnyExceptInRange(' ', '~') is var bad and >= 0)
        {
            yield return new FieldViolation(field, $"Character {bad + 1} is U+{(int)line[bad]:X4}; only printable ASCII on one line is allowed.");
        }
    }
}
