using System.CommandLine;
using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.Cli.Parsing;
using Templating.V1;

namespace Templating.Cli.Pools;

internal static class PoolShowCommand
{
    public static CliCommand Create(Globals globals)
    {
        var name = NameArgument(globals);
        var command = new CliCommand(
            "show", "Shows all about a pool, with each VM that waits in it.", "templating pool show web", "templating pool show web -o yaml")
        {
            name,
        };
        return globals.Run(command, async (context, cancellationToken) =>
        {
            var request = new GetPoolRequest { Name = ObjectNames.Pool(context.Tenant, context.Get(name)) };
            var pool = await context.Client.Pools.GetPoolAsync(request, deadline: context.Deadline, cancellationToken: cancellationToken);
            context.PrintSheet(() => PoolColumns.Sheet(pool, globals.Host.Clock), pool, pool.Name);
            return ExitCode.Ok;
        });
    }

    public static Argument<string> NameArgument(Globals globals)
    {
        var name = new Argument<string>("NAME") { HelpName = "NAME", Description = "The pool, or its full name" };
        name.CompletionSources.Add(new Completions(globals).Pools);
        return name;
    }
}
