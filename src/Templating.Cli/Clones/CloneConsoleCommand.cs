using Templating.Cli.Base;
using Templating.Cli.Guests;
using Templating.Cli.Parsing;
using Templating.V1;

namespace Templating.Cli.Clones;

internal static class CloneConsoleCommand
{
    public static CliCommand Create(Globals globals)
    {
        var id = CloneShowCommand.IdArgument(globals);
        var flags = new ConsoleFlags();
        var command = new CliCommand(
            "console",
            "Attaches to a clone's serial console, both ways. Ctrl-] leaves it; the clone goes on.",
            "templating clone console web-1",
            "templating clone console web-1 --no-follow | tail -20")
        {
            id,
        };
        flags.AddTo(command);
        return globals.Run(command, async (context, cancellationToken) =>
        {
            var start = new AttachConsoleStart { Name = ObjectNames.Clone(context.Tenant, context.Get(id)) };
            using var call = context.Client.Clones.AttachConsole(deadline: context.Deadline, cancellationToken: cancellationToken);
            return await flags.RunAsync(context, call, start, cancellationToken);
        });
    }
}
