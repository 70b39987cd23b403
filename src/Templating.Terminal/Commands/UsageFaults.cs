using System.CommandLine;
using System.CommandLine.Parsing;

namespace Templating.Terminal.Commands;

/// <summary>What is wrong with a command line, in words that name what was meant.</summary>
/// <param name="Faults">At least one.</param>
/// <param name="Hints">What to do.</param>
internal sealed record UsageFaults(IReadOnlyList<string> Faults, IReadOnlyList<string> Hints)
{
    // A word of thousands of letters is none of ours, and nobody reads it.
    private const int MostQuoted = 80;

    /// <summary>A group of commands without one of them: people ask what there is.</summary>
    public static bool IsQuestion(ParseResult parse) =>
        parse.CommandResult.Command is { Subcommands.Count: > 0, Action: null } && parse.UnmatchedTokens.Count == 0
        && parse.Errors is [{ SymbolResult: CommandResult }];

    /// <param name="program">How the program is called.</param>
    public static UsageFaults Of(ParseResult parse, string program)
    {
        var command = parse.CommandResult.Command;
        var path = string.Join(' ', PathOf(parse.CommandResult, program));
        var faults = new List<string>();
        var hints = new List<string>();
        var unknown = Unknown(parse, command);
        foreach (var word in unknown)
        {
            faults.Add(Describe(word, command, path));
            if (Suggestions.Text(word, command) is { Length: > 0 } hint)
            {
                hints.Add(hint);
            }
        }

        // The parser's own words for those, and that a command is missing, say nothing more.
        faults.AddRange(parse.Errors.Where(e => unknown.Count == 0 || e.SymbolResult is not CommandResult).Select(e => e.Message).Except(unknown, StringComparer.Ordinal));
        hints.Add($"'{path} --help' says what is allowed.");
        return new UsageFaults(faults, hints);
    }

    private static string Describe(string word, Command command, string path)
    {
        var shown = word.Length > MostQuoted ? word[..MostQuoted] + "..." : word;
        return word.StartsWith('-') && word.Length > 1 ? $"Unknown option '{shown}'."
            : command.Subcommands.Count > 0
                ? $"'{path}' has no command '{shown}'; it has {string.Join(", ", command.Subcommands.Where(c => !c.Hidden).Select(c => c.Name))}."
                : $"Unexpected argument '{shown}'.";
    }

    /// <summary>Words that are none of the command's. What follows an unknown command was meant for it, and what follows an unknown option may be its value.</summary>
    private static List<string> Unknown(ParseResult parse, Command command)
    {
        var words = new List<string>();
        foreach (var word in DashWords.In(parse.CommandResult).Concat(parse.UnmatchedTokens))
        {
            if (words.Count > 0 && !word.StartsWith('-') && words[^1].StartsWith('-'))
            {
                continue;
            }

            words.Add(word);
            if (command.Subcommands.Count > 0 && !word.StartsWith('-'))
            {
                return [word];
            }
        }

        return words;
    }

    private static Stack<string> PathOf(SymbolResult? result, string program)
    {
        var names = new Stack<string>();
        for (; result is CommandResult command; result = result.Parent)
        {
            names.Push(command.Command is RootCommand ? program : command.Command.Name);
        }

        return names;
    }
}
