namespace Templating.Contract;

/// <summary>Commands that run in a guest before it is frozen.</summary>
public static class WarmUpRules
{
    public const int MaxCommands = 32;

    public const int MaxArguments = 256;

    /// <summary>
    /// Of one command. Its arguments go to the guest in one line of at most 262,144 bytes, in base64 (docs/guest-protocol.md).
    /// </summary>
    public const int MaxCommandBytes = 16 << 10;

    /// <summary>
    /// Of all commands together. JSON takes up to six bytes for one (\u0027), so this, ten paths and the command line
    /// always fit a manifest of 1 MiB: no build fails at its last step for its spec's size.
    /// </summary>
    public const int MaxBytes = 96 << 10;

    /// <param name="field">Of the list.</param>
    /// <param name="commands">Of each its arguments, the program first.</param>
    /// <param name="entry">The path of one command.</param>
    public static IEnumerable<FieldViolation> Check(string field, IReadOnlyList<IReadOnlyList<string>?> commands, Func<int, string> entry)
    {
        if (commands.Count > MaxCommands)
        {
            yield return new FieldViolation(field, $"It has {commands.Count} commands; at most {MaxCommands} are allowed: put them into a script.");
        }

        foreach (var violation in commands.Take(MaxCommands).Index().SelectMany(command => Check(entry(command.Index), command.Item)))
        {
            yield return violation;
        }

        var total = commands.Take(MaxCommands).Sum(c => c?.Take(MaxArguments).Sum(Bytes) ?? 0);
        if (total > MaxBytes)
        {
            yield return new FieldViolation(field, $"All arguments together have {total} bytes, each with a final NUL; at most {MaxBytes} are allowed: put them into scripts.");
        }
    }

    private static IEnumerable<FieldViolation> Check(string field, IReadOnlyList<string>? arguments)
    {
        if (arguments is null || arguments.Count is 0 or > MaxArguments)
        {
            yield return new FieldViolation(field, $"It has {arguments?.Count ?? 0} arguments; use 1 to {MaxArguments}, the first being the program.");
            yield break;
        }

        if (arguments[0] is { Length: 0 })
        {
            yield return new FieldViolation(field, "Its program is empty; name one.");
        }

        if (arguments.Any(a => a is null || a.Contains('\0', StringComparison.Ordinal) || Utf8.Length(a) < 0))
        {
            yield return new FieldViolation(field, "An argument is null, holds a NUL or is not Unicode; no program can be given that.");
        }
        else if (arguments.Sum(Bytes) is var bytes and > MaxCommandBytes)
        {
            yield return new FieldViolation(field, $"Its arguments have {bytes} bytes, each with a final NUL; at most {MaxCommandBytes} are allowed: put them into a script.");
        }
    }

    private static long Bytes(string? argument) => argument is null ? 1 : Math.Max(Utf8.Length(argument), 0) + 1L;
}
