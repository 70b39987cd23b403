using System.CommandLine;
using Templating.Terminal.Commands;

namespace Templating.Kubectl.Commands;

/// <summary><c>help status</c> for those who say it first; the same as <c>status --help</c>.</summary>
internal static class HelpCommand
{
    public static Command Create(PluginHost host)
    {
        var path = new Argument<string[]>("COMMAND") { Arity = ArgumentArity.ZeroOrMore, Description = "The command; none for all of them" };
        var command = new Command("help", "Prints help of a command, as --help does.") { path };
        command.SetAction(async (parse, cancellationToken) =>
        {
            var root = parse.RootCommandResult.Command;
            var words = parse.GetRequiredValue(path);
            if (HelpText.Find(root, words) is not null)
            {
                return await root.Parse([.. words, "--help"]).InvokeAsync(parse.InvocationConfiguration, cancellationToken);
            }

            await host.Error.WriteLineAsync($"There is no command '{string.Join(' ', words)}'. {Suggestions.Text(words[0], root)}".TrimEnd());
            return ExitCode.Usage;
        });
        return command;
    }
}
