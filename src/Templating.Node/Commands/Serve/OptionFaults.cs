using System.Globalization;
using System.Text.RegularExpressions;
using Templating.Contract;
using Templating.Node.Options;

namespace Templating.Node.Commands.Serve;

/// <summary>
/// What the options' rules found, in the words of who gave them: the flag, the variable or the field of the file, and what stood
/// there. The rules know properties only, which nobody outside has heard of.
/// </summary>
internal static partial class OptionFaults
{
    /// <param name="failure">Of an attribute of <see cref="NodeOptions"/>, or of <see cref="NodeOptionsRules"/>.</param>
    /// <param name="given">Where each option came from.</param>
    public static FieldViolation Of(string failure, IReadOnlyDictionary<Setting, OptionSource> given)
    {
        var setting = Find(failure);
        var text = Description(failure);
        foreach (var other in Settings.All.OrderByDescending(s => s.Property.Length))
        {
            text = Regex.Replace(text, $@"(?<![\w.'/-])(NodeOptions\.)?{Regex.Escape(other.Property)}\b", other.Flag, RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));
        }

        if (setting is null)
        {
            return new FieldViolation("(options)", text);
        }

        text = setting.Help is Settings.SizeHelp ? Bounds().Replace(text, Sizes, 1) : text;

        var source = given.GetValueOrDefault(setting);
        // Some rules quote it themselves.
        var value = source is null || source.Values.Any(v => text.Contains($"'{v}'", StringComparison.Ordinal))
            ? "" : $"{Quote.Text(string.Join(' ', source.Values))} is not allowed. ";
        return new FieldViolation(source?.Name ?? setting.Flag, value + text);
    }

    /// <summary>Attributes call it by its whole path, and some by its last name alone.</summary>
    private static Setting? Find(string failure)
    {
        var whole = WholePath().Match(failure);
        var name = whole.Success ? whole.Groups["path"].Value : Prefix().Match(failure).Groups["path"].Value;
        return Settings.All.FirstOrDefault(s => string.Equals(s.Property, name, StringComparison.Ordinal))
            ?? Settings.All.FirstOrDefault(s => s.Property.EndsWith("." + name, StringComparison.Ordinal));
    }

    private static string Description(string failure)
    {
        var text = Prefix().Replace(failure, "", 1);
        text = FieldMust().Replace(text, "It ", 1);
        text = FieldIs().Replace(text, "It is needed.", 1);
        text = WholePrefix().Replace(text, "", 1);
        return text.Length == 0 ? failure : text;
    }

    /// <summary>The attribute has its bounds as doubles, and prints them so.</summary>
    private static string Sizes(Match bounds)
    {
        var least = ByteSize.Format((long)double.Parse(bounds.Groups["least"].Value, CultureInfo.InvariantCulture));
        var most = double.Parse(bounds.Groups["most"].Value, CultureInfo.InvariantCulture);
        return most >= long.MaxValue ? $"at least {least}." : $"from {least} to {ByteSize.Format((long)most)}.";
    }

    [GeneratedRegex(@"between (?<least>[0-9.E+]+) and (?<most>[0-9.E+]+)\.\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Bounds();

    [GeneratedRegex(@"NodeOptions\.(?<path>[A-Za-z]+(\.[A-Za-z]+)?)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex WholePath();

    [GeneratedRegex(@"\A(?<path>[A-Z][A-Za-z]+(\.[A-Za-z]+)?): ", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Prefix();

    [GeneratedRegex(@"\ANodeOptions\.[A-Za-z.]+: ", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex WholePrefix();

    [GeneratedRegex(@"\AThe field NodeOptions\.[A-Za-z.]+ ", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex FieldMust();

    [GeneratedRegex(@"\AThe NodeOptions\.[A-Za-z.]+ field is required\.", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex FieldIs();
}
