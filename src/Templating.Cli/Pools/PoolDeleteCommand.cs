using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.Cli.Parsing;
using Templating.Terminal.Tables;
using Templating.V1;

namespace Templating.Cli.Pools;

internal static class PoolDeleteCommand
{
    public static CliCommand Create(Globals globals)
    {
        var name = PoolShowCommand.NameArgument(globals);
        var command = new CliCommand("delete", "Ends the VMs that wait in a pool, and forgets it.", "templating pool delete web")
        {
            name,
        };
        command.Aliases.Add("rm");
        return globals.Run(command, async (context, cancellationToken) =>
        {
            var pool = ObjectNames.Pool(context.Tenant, context.Get(name));
            var response = await context.Client.Pools.DeletePoolAsync(
                new DeletePoolRequest { Name = pool }, deadline: context.Deadline, cancellationToken: cancellationToken);
            context.Print([new Column<string>("DELETED", n => n)], [pool], response, n => n);
            return ExitCode.Ok;
        });
    }
}
