using System.CommandLine;
using Templating.Node.Commands.Parsing;
using Templating.V1;

namespace Templating.Node.Commands.Clones;

internal static class CloneExecCommand
{
    public static CliCommand Create(Globals globals)
    {
        var id = CloneShowCommand.IdArgument(globals);
        var arguments = new Argument<string[]>("CMD")
        {
            HelpName = "CMD",
            Description = "The program, looked up in the guest's PATH, and its arguments; after -- they may begin with a dash",
            Arity = ArgumentArity.OneOrMore,
        };
        var interactive = new Option<bool>("--interactive", "-i") { Description = "Pass standard input on" };
        var environment = OptionKinds.Pairs("--env", "A variable for the program", "-e");
        var folder = new Option<string?>("--workdir", "-w") { HelpName = "DIR", Description = "The folder to start in" };
        var command = new CliCommand(
            "exec",
            "Runs a program in the guest; ends with its exit code, or with 125 where it could not be run or watched. Ctrl-C kills it.",
            "templating clone exec web-1 -- uname -a",
            "templating clone exec web-1 -- sh -c 'cat /proc/meminfo | head -3'",
            "templating clone exec -i web-1 -- tar -x -C /tmp < files.tar")
        {
            id, arguments, interactive, environment, folder,
        };
        command.FailureCode = ExitCode.Exec;
        return globals.Run(command, async (context, cancellationToken) =>
        {
            var start = new ExecStart
            {
                Name = ObjectNames.Clone(context.Tenant, context.Get(id)),
                Arguments = { context.Get(arguments) },
                WorkingDirectory = context.Get(folder) ?? "",
                WithInput = context.Get(interactive),
            };
            foreach (var (key, value) in context.Get(environment))
            {
                start.Environment[key] = value;
            }

            using var call = context.Client.Clones.ExecClone(deadline: context.Deadline, cancellationToken: cancellationToken);
            return await new ExecSession(context.Host, call).RunAsync(start, cancellationToken);
        });
    }
}
