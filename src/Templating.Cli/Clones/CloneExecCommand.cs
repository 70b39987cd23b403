using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.Cli.Guests;
using Templating.Cli.Parsing;

namespace Templating.Cli.Clones;

internal static class CloneExecCommand
{
    public static CliCommand Create(Globals globals)
    {
        var id = CloneShowCommand.IdArgument(globals);
        var flags = new ExecFlags();
        var command = new CliCommand(
            "exec",
            "Runs a program in the guest; ends with its exit code, or with 125 where it could not be run or watched. Ctrl-C kills it.",
            "templating clone exec web-1 -- uname -a",
            "templating clone exec web-1 -- sh -c 'cat /proc/meminfo | head -3'",
            "templating clone exec -it web-1 -- sh",
            "templating clone exec -i web-1 -- tar -x -C /tmp < files.tar")
        {
            id,
        };
        flags.AddTo(command);
        command.FailureCode = ExitCode.Exec;
        return globals.Run(command, async (context, cancellationToken) =>
        {
            var start = flags.Read(context);
            start.Name = ObjectNames.Clone(context.Tenant, context.Get(id));
            using var call = context.Client.Clones.ExecClone(deadline: context.Deadline, cancellationToken: cancellationToken);
            using var session = new ExecSession(context.Host, call);
            return await session.RunAsync(start, cancellationToken);
        });
    }
}
