using System.CommandLine;
using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.V1;

namespace Templating.Cli.Guests;

/// <summary>A program to run in a guest, by arguments and flags.</summary>
internal sealed class ExecFlags
{
    private readonly Argument<string[]> _arguments = new("CMD")
    {
        HelpName = "CMD",
        Description = "The program, looked up in the guest's PATH, and its arguments; after -- they may begin with a dash",
        Arity = ArgumentArity.OneOrMore,
    };

    /// <summary>What every terminal of today understands.</summary>
    private const string DefaultType = "xterm";

    private readonly Option<bool> _interactive = new("--interactive", "-i") { Description = "Pass standard input on" };
    private readonly Option<bool> _terminal = new("--tty", "-t") { Description = "Run it at a terminal of its own, of this one's size; with -i every key goes there" };
    private readonly Option<string?> _user = new("--user", "-u") { HelpName = "USER[:GROUP]", Description = "Whom it runs as, by the guest's names or numbers (default root)" };
    private readonly Option<KeyValuePair<string, string>[]> _environment = OptionKinds.Pairs("--env", "A variable for the program", "-e");
    private readonly Option<string?> _folder = new("--workdir", "-w") { HelpName = "DIR", Description = "The folder to start in" };

    public void AddTo(CliCommand command)
    {
        command.Add(_arguments);
        command.Add(_interactive);
        command.Add(_terminal);
        command.Add(_environment);
        command.Add(_folder);
        command.Add(_user);
    }

    /// <exception cref="CliException">Usage: there is no terminal to show.</exception>
    public ExecStart Read(CliContext context)
    {
        var host = context.Host;
        if (context.Get(_terminal) && context.Get(_interactive) && !host.InputIsTerminal)
        {
            throw new CliException(ExitCode.Exec, "Unable to use a TTY: standard input is not a terminal. Leave -t out, or run it at a terminal.");
        }

        var start = new ExecStart
        {
            Arguments = { context.Get(_arguments) },
            WorkingDirectory = context.Get(_folder) ?? "",
            WithInput = context.Get(_interactive),
            User = context.Get(_user) ?? "",
        };
        if (context.Get(_terminal))
        {
            start.Terminal = ExecSession.SizeOf(host);
            start.Environment["TERM"] = host.Environment("TERM") is { Length: > 0 } type ? type : DefaultType;
        }

        foreach (var (key, value) in context.Get(_environment))
        {
            start.Environment[key] = value;
        }

        return start;
    }
}
