using Templating.Node.Commands.Parsing;
using Templating.Node.Commands.Terminals;
using Templating.V1;

namespace Templating.Node.Commands.Clones;

internal static class CloneConsoleCommand
{
    private const int StandardInput = 0;

    public static CliCommand Create(Globals globals)
    {
        var id = CloneShowCommand.IdArgument(globals);
        var noFollow = OptionKinds.Flag("--no-follow", "Print what is remembered (at most 64KiB) and end");
        var noHistory = OptionKinds.Flag("--no-history", "Begin with what comes from now on");
        var command = new CliCommand(
            "console",
            "Attaches to a clone's serial console, both ways. Ctrl-] leaves it; the clone goes on.",
            "templating clone console web-1",
            "templating clone console web-1 --no-follow | tail -20")
        {
            id, noFollow, noHistory,
        };
        return globals.Run(command, async (context, cancellationToken) =>
        {
            var start = new AttachConsoleStart
            {
                Name = ObjectNames.Clone(context.Tenant, context.Get(id)),
                WithHistory = !context.Get(noHistory),
                NoFollow = context.Get(noFollow),
            };
            using var call = context.Client.Clones.AttachConsole(deadline: context.Deadline, cancellationToken: cancellationToken);
            var session = new ConsoleSession(globals.Host, call);
            if (start.NoFollow || !globals.Host.InputIsTerminal)
            {
                await session.RunAsync(start, cancellationToken);
                return ExitCode.Ok;
            }

            context.Note($"Attached to {start.Name}; Ctrl-] leaves.");
            using (RawTerminal.Enter(StandardInput))
            {
                await session.RunAsync(start, cancellationToken);
            }

            context.Note("");
            return ExitCode.Ok;
        });
    }
}
