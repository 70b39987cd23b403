using System.CommandLine;
using Templating.Cli.Base;
using Templating.Cli.Exits;
using Templating.Cli.Parsing;
using Templating.Cli.Templates;
using Templating.Contract;
using Templating.V1;

namespace Templating.Cli.Pools;

internal static class PoolSetCommand
{
    public static CliCommand Create(Globals globals)
    {
        var name = new Argument<string>("NAME") { HelpName = "NAME", Description = "The pool; a new one is made" };
        name.CompletionSources.Add(new Completions(globals).Pools);
        var template = OptionKinds.Text(
            "--template", "NAME", "Of which template its VMs are, or of which revision alone: NAME@REVISION (default: the one of the pool's name)");
        template.CompletionSources.Add(new Completions(globals).Templates);
        var restored = Size("--restored", "VMs that wait paused at the frozen moment (default 0)");
        var prepared = Size("--prepared", "VMs whose QEMU waits, with nothing restored yet (default 0)");
        var most = Size("--max-restored", "Follow the demand with restored ones, up to so many (default: do not)");
        var spare = Size("--spare", "So many more than were taken in the last minute; with --max-restored (default 0)");
        var command = new CliCommand(
            "set",
            "Says how many VMs of a template are to wait. What is not given is 0.",
            "templating pool set web --restored 2 --prepared 1",
            "templating pool set web --restored 1 --max-restored 8 --spare 2",
            $"templating pool set old-web --template web@{new string('1', Labels.RevisionLength)} --restored 1")
        {
            name, template, restored, prepared, most, spare,
        };
        return globals.Run(command, async (context, cancellationToken) =>
        {
            var pool = new Pool
            {
                Name = ObjectNames.Pool(context.Tenant, context.Get(name)),
                Sizes = new PoolSizes
                {
                    Restored = context.Get(restored) ?? 0,
                    Prepared = context.Get(prepared) ?? 0,
                    MaxRestored = context.Get(most) ?? 0,
                    Spare = context.Get(spare) ?? 0,
                },
            };
            pool.Template = await RevisionNames.ResolveAsync(context, context.Get(template) ?? ObjectNames.Last(pool.Name), cancellationToken);
            var set = await context.Client.Pools.SetPoolAsync(new SetPoolRequest { Pool = pool }, deadline: context.Deadline, cancellationToken: cancellationToken);
            context.PrintSheet(() => PoolColumns.Sheet(set, globals.Host.Clock), set, set.Name);
            return ExitCode.Ok;
        });
    }

    private static Option<int?> Size(string name, string description) => OptionKinds.Number(name, 0, PoolRules.MostWaiting, description);
}
