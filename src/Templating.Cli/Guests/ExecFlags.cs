using System.CommandLine;
using Templating.Cli.Base;
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

    private readonly Option<bool> _interactive = new("--interactive", "-i") { Description = "Pass standard input on" };
    private readonly Option<KeyValuePair<string, string>[]> _environment = OptionKinds.Pairs("--env", "A variable for the program", "-e");
    private readonly Option<string?> _folder = new("--workdir", "-w") { HelpName = "DIR", Description = "The folder to start in" };

    public void AddTo(CliCommand command)
    {
        command.Add(_arguments);
        command.Add(_interactive);
        command.Add(_environment);
        command.Add(_folder);
    }

    public ExecStart Read(CliContext context)
    {
        var start = new ExecStart
        {
            Arguments = { context.Get(_arguments) },
            WorkingDirectory = context.Get(_folder) ?? "",
            WithInput = context.Get(_interactive),
        };
        foreach (var (key, value) in context.Get(_environment))
        {
            start.Environment[key] = value;
        }

        return start;
    }
}
