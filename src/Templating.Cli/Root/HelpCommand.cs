using System.CommandLine;
using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.Terminal.Commands;

namespace Templating.Cli.Root;

/// <summary><c>help clone create</c> for those who say it first; the same as <c>clone create --help</c>.</summary>
internal static class HelpCommand
{
    public static CliCommand Create(Globals globals)
    {
        var path = new Argument<string[]>("COMMAND") { HelpName = "COMMAND", Description = "The command; none for all of them", Arity = ArgumentArity.ZeroOrMore };
        var command = new CliCommand("help", "Prints help of a command, as --help does.", "templating help", "templating help clone create") { path };
        return globals.Run(command, async (context, cancellationToken) =>
        {
            var root = context.Parse.RootCommandResult.Command;
            var words = context.Get(path);
            for (var known = 0; known < words.Length; known++)
            {
                if (HelpText.Find(root, words.Take(known + 1)) is null)
                {
                    var above = HelpText.Find(root, words.Take(known))!;
                    throw new CliException(ExitCode.Usage, $"There is no command '{string.Join(' ', words)}'.")
                    {
                        Hints = [Suggestions.Text(words[known], above) is { Length: > 0 } near ? near : "'templating help' lists them."],
                    };
                }
            }

            return await root.Parse([.. words, "--help"]).InvokeAsync(context.Parse.InvocationConfiguration, cancellationToken);
        });
    }
}
