using Templating.Api.Client;
using Templating.Cli.Base;
using Templating.Cli.Parsing;
using Templating.Cli.Templates;
using Templating.V1;

namespace Templating.Cli.Pools;

internal static class PoolListCommand
{
    public static CliCommand Create(Globals globals)
    {
        var command = new CliCommand(
            "list", "Lists pools.", "templating pool list", "templating pool list --all-tenants --wide", "templating pool list --watch");
        var flags = new ListFlags(globals, command, "Only pools of this template, or of one revision: NAME@REVISION");
        return globals.Run(command, async (context, cancellationToken) =>
        {
            var parent = flags.Parent(context);
            var template = context.Get(flags.Template) is { } name ? await RevisionNames.ResolveAsync(context, name, cancellationToken) : "";
            return await flags.RunAsync(
                context, PoolColumns.List(flags.AllTenants(context)), pool => pool.Name, pool => IsOf(pool, template),
                () => context.Client.Pools.ListAllAsync(parent, context.Deadline, cancellationToken),
                pools => new ListPoolsResponse { Pools = { pools } }, $"No pools in {ObjectNames.Told(parent)}{(template.Length > 0 ? $" of {template}" : "")}.",
                () => context.Client.Pools.WatchPools(
                    new WatchPoolsRequest { Parent = parent }, deadline: context.Deadline, cancellationToken: cancellationToken),
                change => (change.Type, change.Pool), cancellationToken);
        });
    }

    private static bool IsOf(Pool pool, string template) =>
        template.Length == 0
        || string.Equals(pool.Template, template, StringComparison.Ordinal)
        || pool.Template.StartsWith(template + "/revisions/", StringComparison.Ordinal);
}
