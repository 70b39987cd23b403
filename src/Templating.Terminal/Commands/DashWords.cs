using System.CommandLine;
using System.CommandLine.Parsing;

namespace Templating.Terminal.Commands;

/// <summary>
/// The parser takes an option it does not know for an argument, where the command has one: of `clone show --memry web-1` the
/// name would be --memry. None of our names begins with a dash; what is run in a guest may.
/// </summary>
internal static class DashWords
{
    public static void Refuse(Command command)
    {
        foreach (var argument in command.Arguments.Where(IsName))
        {
            argument.Validators.Add(result =>
            {
                foreach (var word in In(result))
                {
                    result.AddError(word);
                }
            });
        }

        foreach (var inner in command.Subcommands)
        {
            Refuse(inner);
        }
    }

    public static IEnumerable<string> In(CommandResult command) => command.Children.OfType<ArgumentResult>().Where(a => IsName(a.Argument)).SelectMany(In);

    private static bool IsName(Argument argument) => argument.Name is not ("CMD" or "COMMAND");

    private static IEnumerable<string> In(ArgumentResult result) => result.Tokens.Select(t => t.Value).Where(w => w.Length > 1 && w.StartsWith('-'));
}
