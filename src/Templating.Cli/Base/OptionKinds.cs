using System.CommandLine;
using System.CommandLine.Parsing;
using Templating.Cli.Parsing;
using Templating.Contract;
using Templating.V1;

namespace Templating.Cli.Base;

/// <summary>Options whose values are checked while the command line is parsed; each error says what is allowed.</summary>
internal static class OptionKinds
{
    public static Option<string?> Text(string name, string help, string description) =>
        new(name) { HelpName = help, Description = description };

    public static Option<string[]> Texts(string name, string help, string description) =>
        new(name) { HelpName = help, Description = description + " (repeatable)" };

    public static Option<bool> Flag(string name, string description) => new(name) { Description = description };

    public static Option<int?> Number(string name, int least, int most, string description) => new(name)
    {
        HelpName = "N",
        Description = description,
        CustomParser = result => One(
            result,
            (string text, out int? value) =>
            {
                var good = int.TryParse(text, out var number) && number >= least && number <= most;
                value = number;
                return good;
            },
            $"a whole number from {least} to {most}"),
    };

    public static Option<long?> Size(string name, string description) => new(name)
    {
        HelpName = "SIZE",
        Description = description,
        CustomParser = result => One(
            result,
            (string text, out long? value) =>
            {
                // 0 would be as if it had not been given.
                var good = ByteSize.TryParse(text, out var bytes) && bytes > 0;
                value = bytes;
                return good;
            },
            ByteSize.Allowed + ", more than 0"),
    };

    public static Option<TimeSpan?> Duration(string name, string description) => new(name)
    {
        HelpName = "DURATION",
        Description = description,
        CustomParser = result => One(
            result,
            (string text, out TimeSpan? value) =>
            {
                var good = DurationText.TryParse(text, out var duration);
                value = duration;
                return good;
            },
            DurationText.Allowed),
    };

    public static Option<DateTimeOffset?> Time(string name, string description) => new(name)
    {
        HelpName = "TIME",
        Description = description,
        CustomParser = result => One(
            result,
            (string text, out DateTimeOffset? value) =>
            {
                var good = TimeText.TryParse(text, out var time);
                value = time;
                return good;
            },
            TimeText.Allowed),
    };

    public static Option<PortForward[]> Forwards(string name, string description) => new(name)
    {
        HelpName = "[HOST:]GUEST",
        Description = description + " (repeatable)",
        CustomParser = result => Many<PortForward>(result, PortForwardText.TryParse, PortForwardText.Allowed),
    };

    public static Option<FileArgument[]> Files(string name, string description) => new(name)
    {
        HelpName = "GUESTPATH=FILE[:MODE]",
        Description = description + " (repeatable)",
        CustomParser = result => Many<FileArgument>(result, FileArgument.TryParse, FileArgument.Allowed),
    };

    public static Option<KeyValuePair<string, string>[]> Pairs(string name, string description, params string[] aliases) =>
        new(name, aliases)
        {
            HelpName = "K=V",
            Description = description + " (repeatable)",
            CustomParser = result => Many<KeyValuePair<string, string>>(result, KeyValue.TryParse, KeyValue.Allowed),
        };

    /// <typeparam name="T">An enumeration of one word each; the first is the default.</typeparam>
    public static Option<T> Choice<T>(string name, string description, params string[] aliases)
        where T : struct, Enum
    {
        var words = Enum.GetNames<T>().Select(n => n.ToLowerInvariant()).ToArray();
        var allowed = string.Join(", ", words);
        var option = new Option<T>(name, aliases)
        {
            HelpName = string.Join('|', words),
            Description = $"{description} (default {words[0]})",
            CustomParser = result => One(
                result,
                (string text, out T value) => Enum.TryParse(text, ignoreCase: true, out value)
                    && words.Contains(text, StringComparer.OrdinalIgnoreCase),
                "one of " + allowed),
        };
        // The library's own source has the enumeration's names as C# writes them.
        option.CompletionSources.Clear();
        option.CompletionSources.Add(words);
        return option;
    }

    private static T One<T>(ArgumentResult result, TextParser<T> parser, string allowed)
    {
        var text = result.Tokens.Count == 0 ? "" : result.Tokens[^1].Value;
        if (!parser(text, out var value))
        {
            result.AddError(Fault(result, text, allowed));
        }

        return value;
    }

    private static T[] Many<T>(ArgumentResult result, TextParser<T> parser, string allowed)
    {
        var values = new List<T>();
        foreach (var token in result.Tokens)
        {
            if (parser(token.Value, out var value))
            {
                values.Add(value);
            }
            else
            {
                result.AddError(Fault(result, token.Value, allowed));
            }
        }

        return [.. values];
    }

    private static string Fault(ArgumentResult result, string text, string allowed) =>
        $"{(result.Parent as OptionResult)?.IdentifierToken?.Value ?? result.Argument.Name}: '{text}' is not allowed; give {allowed}.";
}
