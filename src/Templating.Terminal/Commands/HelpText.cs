using System.CommandLine;
using System.CommandLine.Help;

namespace Templating.Terminal.Commands;

/// <summary>Help as the terminal has room for it.</summary>
internal static class HelpText
{
    /// <summary>What help of two columns needs; the library's own layout throws, or never ends, on a few.</summary>
    private const int LeastWidth = 40;

    public static HelpAction Fit(RootCommand root, int? width)
    {
        var action = (HelpAction)root.Options.OfType<HelpOption>().Single().Action!;
        action.MaxWidth = width is { } columns ? Math.Max(LeastWidth, columns) : int.MaxValue;
        return action;
    }

    /// <summary>The command that a path of names leads to; null where one of them is none.</summary>
    public static Command? Find(Command root, IEnumerable<string> path) => path.Aggregate(
        (Command?)root,
        (command, name) => command?.Subcommands.FirstOrDefault(c => string.Equals(c.Name, name, StringComparison.Ordinal) || c.Aliases.Contains(name)));
}
